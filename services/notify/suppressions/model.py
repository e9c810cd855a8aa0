"""Which refusals mean an address, and what is kept of one; no I/O, no clock."""

import re
from dataclasses import dataclass
from datetime import datetime

from services.notify.ledger.model import DeliveryId

MEANS_SENDER = ("5.1.7", "5.1.8")  # the sender's address, which many servers refuse at RCPT
OF_AN_ADDRESS = re.compile(r"5\.1\.\d+")  # RFC 3463, 3.2


@dataclass(frozen=True, slots=True, kw_only=True)
class NoMailbox:
    """A mail server's word that nobody is behind the address that a delivery went to."""

    delivery_id: DeliveryId
    address: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """An address that gets no mail."""

    address: str  # the mailbox's one form
    since: datetime
    status: str
    delivery_id: DeliveryId


def means_no_mailbox(status: str | None) -> bool:
    """Whether an enhanced status says so. A full mailbox, a filter or a sender that is not liked
    say nothing of the address.
    """
    return (
        status is not None
        and OF_AN_ADDRESS.fullmatch(status) is not None
        and status not in MEANS_SENDER
    )
