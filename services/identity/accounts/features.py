"""What can be done with accounts."""

from dataclasses import dataclass

from services.identity.accounts.accounts import Accounts
from services.identity.settings import Settings
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    accounts: Accounts


def compose(plumbing: Plumbing[Settings]) -> Features:
    """Build the group."""
    return Features(accounts=Accounts(database=plumbing.database))
