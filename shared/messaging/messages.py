"""Messages as they go to the broker and come from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """What became of one message that was published."""

    CONFIRMED = "confirmed"
    RETURNED = "returned"  #: no queue is bound for its routing key
    NACKED = "nacked"  #: a queue refused it: it is full, or its leader failed
    CLOSED = "closed"  #: the broker closed the channel over this message, or one beside it
    UNCONFIRMED = "unconfirmed"  #: the broker is there, but a queue behind the exchange is not
    AWAY = "away"  #: the connection ended or the broker is silent: it may have arrived, or not


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message to publish. Its id must never be in flight twice on one channel."""

    message_id: str
    exchange: str
    routing_key: str
    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """Why the broker gave up a message, from its `x-death` header."""

    queue: str
    exchange: str
    reason: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as it came, with the tag by which its own channel knows it.

    The broker itself says `exchange` and vouches for `publisher`: it takes a `user_id` only from
    the connection of that user, and keeps it through dead-lettering. Where none is named, it is the
    owner of the exchange. All else, every header too, is the sender's to write.
    """

    tag: int
    exchange: str  # where it was published, or dead-lettered to
    body: bytes
    publisher: str | None = field(default=None, kw_only=True)  # None: nobody knows
    routing_key: str = field(default="", kw_only=True)  # the publisher's own, where it may choose
    content_type: str | None = field(default=None, kw_only=True)
    headers: Mapping[str, object] = field(default_factory=dict, kw_only=True)


def read_death(headers: Mapping[str, object]) -> Death | None:
    """Read the last entry of `x-death`: the broker puts the newest first.

    Only of what came by a dead-letter exchange: elsewhere the sender wrote this header.
    """
    match headers.get("x-death"):
        case [{"queue": str(queue), "exchange": str(exchange), "reason": str(reason)}, *_]:
            return Death(queue=queue, exchange=exchange, reason=reason)
        case _:
            return None
