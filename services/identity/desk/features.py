"""What a practice's staff can do for a patient."""

from dataclasses import dataclass

from services.identity.accounts.accounts import Accounts
from services.identity.desk.dormancy import Dormancy
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
    dormancy: Dormancy


def compose(
    plumbing: Plumbing[Settings], *, accounts: Accounts, lockouts: Lockouts, sessions: Sessions
) -> Features:
    """Build the group."""
    unenrolments = Unenrolments(acts=plumbing.acts, accounts=accounts, sessions=sessions)
    return Features(
        unenrolments=unenrolments,
        dormancy=Dormancy(database=plumbing.database, unenrolments=unenrolments),
        unlocks=Unlocks(
            acts=plumbing.acts,
            lockouts=lockouts,
            accounts=accounts,
        ),
    )
