"""What can be done with accounts."""

from dataclasses import dataclass

from services.identity.accounts.accounts import Accounts
from services.identity.accounts.tellings import CredentialTellings
from shared.one_time import Mint


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    accounts: Accounts
    tellings: CredentialTellings


def compose(*, mint: Mint) -> Features:
    """Build the group."""
    return Features(accounts=Accounts(), tellings=CredentialTellings(mint=mint))
