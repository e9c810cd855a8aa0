"""How messages leave: one module a channel, each behind the same door."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from services.notify.ledger.model import DeliveryId
from services.notify.sending.model import Answer

BeforeDot = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A finished mail and its envelope. `content` ends its lines with CRLF."""

    sender: str
    recipient: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A finished text message, and by what its provider tells what became of it: what is told of
    one number says nothing of the next, and what is told of one attempt nothing of another.
    """

    recipient: str
    body: str
    delivery_id: DeliveryId
    hop: int  # as its delivery's
    attempt: int  # of its delivery


M_contra = TypeVar("M_contra", contravariant=True)


class Channel(Protocol[M_contra]):
    """Sends messages, one conversation each. It answers for whatever a server does."""

    async def send(self, message: M_contra, before_dot: BeforeDot, /) -> Answer:
        """Hand it over. `before_dot` is awaited just before the last of it goes out; what it
        raises stops the message, unsent. Raises StillAway where the server was not even asked.
        """

    async def reachable(self) -> bool:
        """Whether it is worth taking work: False while the server takes no connection."""


MailChannel = Channel[Mail]
