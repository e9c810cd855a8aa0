"""What can be done with accounts."""

from dataclasses import dataclass

from services.identity.accounts.accounts import Accounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    accounts: Accounts


def compose() -> Features:
    """Build the group."""
    return Features(accounts=Accounts())
