"""Notification addresses, the links that verify them, and how often they may be mailed to."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.notify.preferences.model import AddressId
from shared.contracts.sealed import SealPurpose
from shared.limits import DAY, HOUR, Limit
from shared.one_time import Purpose

MOST = 5
"""NT-2: of one account, verified or not."""
MOST_NUMBERS = 3
"""The same of numbers."""

CODE_DIGITS = 6
CODE_TRIES = 5
NUMBER_CODE = Limit("number-code", ((3, HOUR),))
"""NT-3: codes a number may get, whoever names it."""

ADDRESS_VERIFICATION = Purpose(
    name=SealPurpose.NOTIFICATION_ADDRESS,
    longest=timedelta(days=1),
)
"""NT-2: opens something in a session of the account alone, so no try is counted."""


class AddressKind(StrEnum):
    """What can be written to there."""

    EMAIL = "email"
    PHONE = "phone"  #: a number that gets text messages (NT-3)


SEALED_AS = {
    AddressKind.EMAIL: SealPurpose.NOTIFICATION_ADDRESS,
    AddressKind.PHONE: SealPurpose.NOTIFICATION_NUMBER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationAddress:
    """One of an account's, beside its account e-mail."""

    id: AddressId
    kind: AddressKind
    address: str
    verified_at: datetime | None
    stopped_since: datetime | None = None  # when a verified number answered STOP


def address_mail_limit(*, an_hour: int, a_day: int) -> Limit:
    """How many verification mails an account may have sent, and an address may get (ID-6)."""
    return Limit("address-mail", ((an_hour, HOUR), (a_day, DAY)))
