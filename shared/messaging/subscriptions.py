"""Subscriptions: which contract goes to which handler, and how a body becomes what it receives."""

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

import msgspec

from shared.audit.entries import Origin
from shared.contracts.contract import PREFIX, Contract, E
from shared.contracts.envelope import Envelope, Received
from shared.db import Connection

Handler = Callable[..., Awaitable[None]]  # of a connection and an event, or several at once

ENVELOPES = msgspec.json.Decoder(Envelope)
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
QUOTED = re.compile(r"""(['"]).*\1""", re.DOTALL)
NOBODY = UUID(int=0)  # the correlation of an event that carries none


@dataclass(frozen=True, slots=True)
class Subscription:
    """One contract and what is done with it. Not generic, so that mypy checks `subscribe`."""

    contract: Contract[Any]
    handler: Handler
    several: bool = False  # the handler takes a run of events at once


def subscribe(
    contract: Contract[E], handler: Callable[[Connection, Received[E]], Awaitable[None]]
) -> Subscription:
    """Pair a contract with a handler of exactly its data; the handler awaits only the database.

    A handler may be called a second time for one event, after all it wrote was rolled back.
    """
    return Subscription(contract, handler)


class SeveralAtOnce(Protocol[E]):
    """A handler of one event or of many, in as few round trips as for one."""

    async def __call__(self, tx: Connection, /, *events: Received[E]) -> None:
        """Take each event as if alone, in this order."""


def subscribe_several(contract: Contract[E], handler: SeveralAtOnce[E]) -> Subscription:
    """Pair a contract with a handler that is given those of a batch that follow one another.

    Where one of them fails, each is handed over again alone.
    """
    return Subscription(contract, handler, several=True)


def origin_of(event: Received[Any], *, actor: str = "service") -> Origin:
    """Whose doing it is what a handler writes because of an event: its story goes on."""
    return Origin(
        actor=actor,
        source="",
        correlation_id=event.correlation_id,
        traceparent=event.traceparent,
    )


class Undeliverable(Exception):
    """Raised by a handler for what no retry can mend: dead-lettered at once, with its reason."""


class Reason(StrEnum):
    """Why a message is dead."""

    UNREADABLE = "unreadable"  #: no CloudEvents envelope
    WRONG_PUBLISHER = "wrong_publisher"  #: not sent by the user whose type it is
    UNKNOWN_TYPE = "unknown_type"  #: of a release after this one, or of one before
    SCHEMA = "schema"  #: its data is not of its contract
    UNDELIVERABLE = "undeliverable"  #: the handler said that no retry can mend it
    EXHAUSTED = "exhausted"  #: every try failed
    BROKER = "broker"  #: RabbitMQ gave it up


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A body that was understood, and who handles it."""

    queue: str  # the one it came by
    exchange: str
    publisher: str  # the user that the broker vouches for: the owner of the contract
    body: bytes
    event: Received[Any]
    type: str
    handler: Handler
    several: bool = False  # the handler takes a run of events at once
    taken: bool = False  # its inbox row is written already
    attempts: int = 0  # tries that failed

    @property
    def order(self) -> tuple[str, int, UUID]:
        """The order of effects in every replica: or two of them deadlock (architecture.md)."""
        return self.event.subject, self.event.version, self.event.id

    @property
    def correlation_id(self) -> UUID:
        """Whose story it is."""
        return self.event.correlation_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A body that comes to nothing, and is kept as a dead letter."""

    queue: str  # the one it came by
    exchange: str
    publisher: str | None  # None: nobody knows
    body: bytes
    reason: Reason
    detail: str
    event_id: UUID | None = None
    event_type: str | None = None
    correlation_id: UUID | None = None
    taken: bool = False  # its inbox row is written already
    attempts: int = 0  # tries that failed


def stories(read: Iterable[Message | Letter]) -> Sequence[UUID]:
    """Name the stories that these are of, as far as they tell."""
    return [one.correlation_id for one in read if one.correlation_id is not None]


class Reader:
    """Understands the bodies of one queue by its table of subscriptions."""

    def __init__(self, queue: str, table: Iterable[Subscription]) -> None:
        self.queue = queue
        self._by_type = {
            subscription.contract.type: (
                subscription,
                msgspec.json.Decoder(subscription.contract.data),
            )
            for subscription in table
        }

    @property
    def types(self) -> Iterable[str]:
        """The types that it has handlers for."""
        return self._by_type

    def read(
        self,
        body: bytes,
        *,
        publisher: str | None,
        exchange: str = "",
        taken: bool = False,
        attempts: int = 0,
    ) -> Message | Letter:
        """Decode the envelope, then the data; what is wrong is told by its JSON path.

        Who published is the user that the broker vouches for, and neither the body nor a header:
        a service that claims to be another is not heard. `exchange` is for a person to read.
        """

        def refuse(reason: Reason, detail: str, envelope: Envelope | None = None) -> Letter:
            return Letter(
                queue=self.queue,
                exchange=exchange,
                publisher=publisher,
                body=body,
                reason=reason,
                detail=detail,
                event_id=envelope.id if envelope else None,
                event_type=envelope.type if envelope else None,
                correlation_id=envelope.correlationid if envelope else None,
                taken=taken,
            )

        try:
            envelope = ENVELOPES.decode(body)
        except UNREADABLE as error:
            return refuse(Reason.UNREADABLE, without_values(error))
        if envelope.specversion != "1.0":
            return refuse(Reason.UNREADABLE, "not CloudEvents 1.0", envelope)
        if publisher is None:
            return refuse(Reason.WRONG_PUBLISHER, "nobody knows whose it is", envelope)
        if envelope.type.removeprefix(PREFIX).partition(".")[0] != publisher:
            return refuse(Reason.WRONG_PUBLISHER, "of a type that is not its user's", envelope)
        known = self._by_type.get(envelope.type)
        if known is None:
            return refuse(Reason.UNKNOWN_TYPE, "nobody here knows it (yet)", envelope)
        subscription, decoder = known
        try:
            data = decoder.decode(envelope.data)
        except UNREADABLE as error:
            return refuse(Reason.SCHEMA, without_values(error), envelope)
        return Message(
            queue=self.queue,
            exchange=exchange,
            publisher=publisher,
            body=body,
            event=as_received(envelope, data, publisher),
            type=envelope.type,
            handler=subscription.handler,
            several=subscription.several,
            taken=taken,
            attempts=attempts,
        )


def envelope_of(body: bytes) -> Envelope | None:
    """Read an envelope of whatever type, or None."""
    try:
        return ENVELOPES.decode(body)
    except UNREADABLE:
        return None


def without_values(error: Exception) -> str:
    """Keep of a decoder's message what was expected and where; what stood there is quoted."""
    if isinstance(error, UnicodeDecodeError | RecursionError):
        return type(error).__name__
    return QUOTED.sub("'…'", str(error))


def as_received(envelope: Envelope, data: Any, publisher: str) -> Received[Any]:
    """Keep of the envelope what handlers use."""
    return Received(
        id=envelope.id,
        subject=envelope.subject,
        time=envelope.time,
        version=envelope.aggregateversion or 0,
        correlation_id=envelope.correlationid or NOBODY,
        traceparent=envelope.traceparent,
        data=data,
        publisher=publisher,
    )
