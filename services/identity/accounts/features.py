"""What can be done with accounts."""

from dataclasses import dataclass

from services.identity.accounts.tellings import CredentialTellings
from shared.one_time import Mint


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    tellings: CredentialTellings


def compose(*, mint: Mint) -> Features:
    """Build the group."""
    return Features(tellings=CredentialTellings(mint=mint))
