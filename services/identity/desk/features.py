"""What a practice's staff can do for a patient."""

from dataclasses import dataclass

from services.identity.accounts.accounts import Accounts
from services.identity.desk.unenrolments import Unenrolments
from services.identity.desk.unlocks import Unlocks
from services.identity.passwords.lockouts import Lockouts
from services.identity.sessions.sessions import Sessions
from services.identity.settings import Settings
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    unenrolments: Unenrolments
    unlocks: Unlocks


def compose(
    plumbing: Plumbing[Settings], *, accounts: Accounts, lockouts: Lockouts, sessions: Sessions
) -> Features:
    """Build the group."""
    return Features(
        unenrolments=Unenrolments(
            acts=plumbing.acts,
            accounts=accounts,
            sessions=sessions,
        ),
        unlocks=Unlocks(
            acts=plumbing.acts,
            lockouts=lockouts,
            accounts=accounts,
        ),
    )
