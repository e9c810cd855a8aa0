"""What a practice's staff can do for a patient."""

from dataclasses import dataclass

from services.identity.accounts.accounts import Accounts
from services.identity.desk.unenrolments import Unenrolments
from services.identity.desk.unlocks import Unlocks
from services.identity.passwords.lockouts import Lockouts
from services.identity.sessions.sessions import Sessions
from services.identity.settings import Settings
from shared.program import Plumbing
from shared.transactions import Transactions


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    unenrolments: Unenrolments
    unlocks: Unlocks


def compose(
    plumbing: Plumbing[Settings], *, accounts: Accounts, lockouts: Lockouts, sessions: Sessions
) -> Features:
    """Build the group."""
    transactions = Transactions(database=plumbing.database, audit=plumbing.audit)
    return Features(
        unenrolments=Unenrolments(
            transactions=transactions,
            accounts=accounts,
            sessions=sessions,
            outbox=plumbing.outbox,
        ),
        unlocks=Unlocks(
            transactions=transactions,
            lockouts=lockouts,
            accounts=accounts,
            outbox=plumbing.outbox,
        ),
    )
