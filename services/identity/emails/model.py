"""Addresses as rows, and how often they may be written to (ID-6)."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from services.identity.accounts.model import EmailState
from shared.contracts.ids import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAddress:
    """A row of an account's addresses, with the key it is compared by."""

    account_id: AccountId
    state: EmailState
    address: str
    key: str


class VerificationState(StrEnum):
    LIVE = "live"
    USED = "used"
    SUPERSEDED = "superseded"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendLimits:
    """ID-6: how many verification mails an account may have sent, and an address may get."""

    an_hour: int = 5
    a_day: int = 10

    @property
    def windows(self) -> tuple[tuple[int, timedelta], ...]:
        """Each limit with the time it is of, the longest first: its wait is the one to be told."""
        return ((self.a_day, timedelta(days=1)), (self.an_hour, timedelta(hours=1)))
