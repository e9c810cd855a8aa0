"""Deliveries and what may become of them; no I/O, no clock."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from services.notify.communications.model import Communication
from services.notify.preferences.model import Means
from services.notify.tellings.model import MessageClass, Reason
from shared.contracts.ids import PracticeId

DeliveryId = NewType("DeliveryId", UUID)
DIGITS_SHOWN = 2  # of a number


class State(StrEnum):
    """NT-5; the diagram stands in the README."""

    QUEUED = "queued"  #: waits for a courier
    SENDING = "sending"  #: a courier holds its lease
    SENT = "sent"  #: the mail server has taken it
    DELIVERED = "delivered"  #: the recipient's server says so
    BOUNCED = "bounced"  #: the recipient's server gave it back
    FAILED = "failed"  #: cannot be sent; the reason says why
    EXPIRED = "expired"  #: its link died first
    UNKNOWN = "unknown"  #: no answer after the final dot: it may have arrived
    CANCELLED = "cancelled"  #: superseded, or its account is gone


# Of failures: the mail was never taken, and what was in its way can be mended.
RESENDABLE = frozenset(
    {
        Reason.REFUSED,
        Reason.SMTPUTF8_MISSING,
        Reason.TEXTS_NOT_OFFERED,
        Reason.GAVE_UP,
        Reason.NOT_RENDERABLE,
    }
)


class Hindrance(StrEnum):
    """Why an operator's word on a delivery changes nothing."""

    NOT_HELD = "not held"
    NO_SUCH = "there is no such delivery"
    NOT_OPEN = "neither held nor failed"
    LINK_GONE = "its link's secret is gone, its holder asks for another"
    USERNAME_GONE = "the username is gone from it, its holder asks again"
    FINAL = "it failed for a reason that another try does not mend"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """A delivery as the ledger's readers see it; the address only masked."""

    id: DeliveryId
    message_class: MessageClass
    template: str
    channel: Means
    address: str | None
    own: bool  # the address is the account's verified one by now
    state: State
    reason: Reason | None
    created_at: datetime
    finished_at: datetime | None
    communication: Communication | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A delivery in `unknown` or failed, as an operator is shown it: no address, no content."""

    id: DeliveryId
    message_class: MessageClass
    template: str
    practice_id: PracticeId | None
    reference: str | None
    resendable: bool  # a link's secret is gone: its holder asks for another
    reason: Reason
    created_at: datetime
    finished_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a delivery, and a mail server's last word on it; no address, no content."""

    id: DeliveryId
    template: str
    state: State
    reason: Reason | None
    at: datetime
    attempts: int
    smtp_code: int | None
    status: str | None  # RFC 3463


def masked(address: str) -> str:
    """Show the owner which of her addresses it was, and an onlooker nothing to write to."""
    if "@" not in address:
        return f"***{address[-DIGITS_SHOWN:]}"
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"
