"""How messages leave: one module a channel, each behind the same door."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from services.notify.sending.model import Answer

BeforeDot = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A finished mail and its envelope. `content` ends its lines with CRLF."""

    sender: str
    recipient: str
    content: bytes


class MailChannel(Protocol):
    """Sends mails, one conversation each. It answers for whatever a server does."""

    async def send(self, mail: Mail, before_dot: BeforeDot) -> Answer:
        """Hand the mail over. `before_dot` is awaited just before the final dot goes out; what it
        raises stops the mail, unsent. Raises StillAway where the server was not even asked.
        """

    async def reachable(self) -> bool:
        """Whether it is worth taking work: False while the server takes no connection."""
