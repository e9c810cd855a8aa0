"""The mails that were caught, and the faults that the next ones meet."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from enum import StrEnum
from itertools import count

import msgspec

MOST_MAILS = 10_000
MOST_BYTES = 64 * 1024 * 1024  # of what came over the wire; whatever comes, memory has an end


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """One accepted message: its envelope, and the parts a person would read."""

    id: int
    received_at: datetime
    message_id: str
    envelope_from: str
    envelope_to: tuple[str, ...]
    size: int  # bytes, as it came over the wire
    subject: str
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str


class FaultKind(StrEnum):
    """How a mail server can fail its sender."""

    REFUSE = "refuse"  #: 550 to the recipient: never try again
    TEMPFAIL = "tempfail"  #: 451 to the recipient: try later
    SLOW = "slow"  #: the answer to the final dot comes late
    DROP_AFTER_DATA = "drop-after-data"  #: kept, but the connection breaks before the answer


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the next `count` messages meet."""

    kind: FaultKind
    count: int = 1
    seconds: float = 2.0  # of SLOW


@dataclass(slots=True)
class Caught:
    """Everything the catcher knows, in memory. Reading takes nothing away; the oldest mails go
    where there are too many, or too large ones.
    """

    most_mails: int = MOST_MAILS
    most_bytes: int = MOST_BYTES
    mails: deque[Mail] = field(default_factory=deque)
    faults: deque[Fault] = field(default_factory=deque)
    numbers: "count[int]" = field(default_factory=lambda: count(1))
    bytes_kept: int = 0
    let_go: int = 0  # mails that were too many

    def keep(self, sender: str, recipients: Sequence[str], content: bytes) -> Mail:
        """Take in a message as it came over the wire."""
        message = message_from_bytes(content, policy=policy.default)
        mail = Mail(
            id=next(self.numbers),
            received_at=datetime.now(UTC),
            message_id=str(message.get("Message-ID", "")),
            envelope_from=sender,
            envelope_to=tuple(recipients),
            size=len(content),
            subject=str(message.get("Subject", "")),
            headers=tuple((name, str(value)) for name, value in message.items()),
            text=part(message, "plain"),
            html=part(message, "html"),
        )
        self.mails.append(mail)
        self.bytes_kept += mail.size
        while len(self.mails) > self.most_mails or self._too_large:
            self.bytes_kept -= self.mails.popleft().size
            self.let_go += 1
        return mail

    @property
    def _too_large(self) -> bool:
        """The newest mail stays, however large it is."""
        return self.bytes_kept > self.most_bytes and len(self.mails) > 1

    def find(self, number: int) -> Mail | None:
        """Look a mail up by its id."""
        return next((mail for mail in self.mails if mail.id == number), None)

    def to(self, recipient: str | None, *, after: int = 0) -> list[Mail]:
        """Return the mails to this recipient, or all, that came after one; the oldest first."""
        wanted = recipient.casefold() if recipient else None
        return [
            mail
            for mail in self.mails
            if mail.id > after
            and (wanted is None or wanted in (each.casefold() for each in mail.envelope_to))
        ]

    def next_fault(self, *kinds: FaultKind) -> Fault | None:
        """Use up one of the first fault's count, when it is of one of these kinds."""
        if not self.faults or self.faults[0].kind not in kinds:
            return None
        fault = self.faults.popleft()
        if fault.count > 1:
            self.faults.appendleft(msgspec.structs.replace(fault, count=fault.count - 1))
        return fault


def part(message: EmailMessage, kind: str) -> str:
    """Return the readable part of this kind, or nothing."""
    found = message.get_body((kind,))
    return str(found.get_content()).replace("\r\n", "\n") if found is not None else ""
