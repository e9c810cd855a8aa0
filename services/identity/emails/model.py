"""Addresses as rows, the links that verify them, and how often they may be written to (ID-6)."""

from dataclasses import dataclass
from datetime import timedelta

from services.identity.accounts.model import EmailState
from shared.contracts.ids import AccountId
from shared.contracts.sealed import SealPurpose
from shared.limits import DAY, HOUR, Limit
from shared.one_time import Purpose

EMAIL_VERIFICATION = Purpose(
    name=SealPurpose.EMAIL_VERIFICATION,
    longest=timedelta(days=1),
    kept=timedelta(days=1),  # the next one's time is later than the last one's
)
"""ID-6: opens something in a session of the account alone, so no try is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAddress:
    """A row of an account's addresses, with the key it is compared by."""

    account_id: AccountId
    state: EmailState
    address: str
    key: str


def verification_mail_limit(*, an_hour: int, a_day: int) -> Limit:
    """How many verification mails an account may have sent, and an address may get."""
    return Limit("verification-mail", ((an_hour, HOUR), (a_day, DAY)))
