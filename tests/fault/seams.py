"""The seams of the services: which class or function stands at each crash point.

Nothing of this is in the product. `install` puts a wrapper around each, in the process of the
victim; a seam that is gone, or takes other arguments than it did, ends that process at its start.
"""

import asyncio
import importlib
import inspect
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import Any

from services.notify.tellings.contents import template_of
from shared.messaging.messages import Outcome
from shared.messaging.subscriptions import Message
from tests.fault.points import Point
from tests.fault.trap import Snare, Trap

Call = Callable[..., Any]
Wrap = Callable[[Call, Trap], Call]

TOLD: dict[int, set[str]] = {}  # the events that each open transaction has written
SESSIONS = "identity.sessions"  # what we call an ended session's entry: it has no routing key
SUBMITTED = "notify.communications"  # what we call what a practice submits: no event tells of it
MAIL: ContextVar[str] = ContextVar("MAIL", default="")  # the template that this task sends
TURNS = 4  # of the event loop, until a frame is handed to the socket; no broker confirms in them
DOT_SECONDS = 0.05  # for the mail server to take what was just written to it


class SeamMissing(Exception):
    """The product has changed: the table below is to follow it."""


@dataclass(frozen=True, slots=True)
class Seam:
    """Where a wrapper goes, and the arguments by whose names it is known to be still the same."""

    module: str
    name: str
    arguments: tuple[str, ...]
    wrap: Wrap


def found(seam: Seam) -> tuple[object, str, Call]:
    """Return what holds the seam, its last name, and what stands there. Raises SeamMissing."""
    *path, last = seam.name.split(".")
    where = f"{seam.module}.{seam.name}"
    try:
        holder: object = importlib.import_module(seam.module)
        for name in path:
            holder = getattr(holder, name)
        there: Call = getattr(holder, last)
    except (ImportError, AttributeError) as error:
        raise SeamMissing(f"{where} is gone: {error}") from error
    arguments = tuple(inspect.signature(there).parameters)
    if arguments != seam.arguments:
        raise SeamMissing(f"{where} takes {arguments}, not {seam.arguments}")
    return holder, last, there


def install(trap: Trap, seams: Iterable[Seam]) -> None:
    """Put every wrapper in its place. Raises SeamMissing before any is."""
    for (holder, name, there), seam in [(found(seam), seam) for seam in seams]:
        setattr(holder, name, wraps(there)(seam.wrap(there, trap)))


def note_events(write: Call, trap: Trap) -> Call:
    """Remember what a transaction has written."""

    async def noting(self: Any, tx: Any, rows: Any) -> None:
        await write(self, tx, rows)
        TOLD.setdefault(id(tx), set()).update(row.routing_key or SESSIONS for row in rows)

    return noting


def note_submitted(add: Call, trap: Trap) -> Call:
    """The same of what practices submit: there it is the row that waits."""

    async def noting(tx: Any, submissions: Any) -> Any:
        added = await add(tx, submissions)
        if added:
            TOLD.setdefault(id(tx), set()).add(SUBMITTED)
        return added

    return noting


def die_after_filing(settle: Call, trap: Trap) -> Call:
    """The deliveries are written, and the rows that waited say so."""

    async def deadly(tx: Any, filed: Any, postponed: Any) -> None:
        await settle(tx, filed, postponed)
        die(trap, Point.FILED, lambda snare: snare.event == SUBMITTED and bool(filed))

    return deadly


def event_of(routing_key: str, body: bytes) -> str:
    """Name what is published; a beat has no name."""
    return routing_key or (SESSIONS if b"session_id" in body else "")


def die_at_commit(transaction: Call, trap: Trap) -> Call:
    """Just before the COMMIT that publishes the event, or just after."""

    @asynccontextmanager
    async def deadly(self: Any, tx: Any) -> AsyncIterator[None]:
        told: set[str] = set()
        async with transaction(self, tx):
            TOLD.pop(id(tx), None)  # what the connection's last holder left, rolled back
            yield
            told = TOLD.pop(id(tx), set())
            die(trap, Point.BEFORE_COMMIT, lambda snare: snare.event in told)
        die(trap, Point.AFTER_COMMIT, lambda snare: snare.event in told)

    return deadly


def die_around_publishing(publish: Call, trap: Trap) -> Call:
    """Before a relay's batch is sent, or once all of it is confirmed."""

    async def deadly(self: Any, messages: Any, **named: Any) -> Any:
        events = [event_of(message.routing_key, message.body) for message in messages]
        die(trap, Point.CLAIMED, lambda snare: snare.event in events)
        outcomes = await publish(self, messages, **named)
        sent = {one for one, how in zip(events, outcomes, strict=True) if how is Outcome.CONFIRMED}
        die(trap, Point.CONFIRMED, lambda snare: snare.event in sent)
        return outcomes

    return deadly


def die_after_sending(send: Call, trap: Trap) -> Call:
    """Once the message is on its way to the broker: its confirm has not been read."""

    async def deadly(channel: Any, message: Any) -> None:
        sending = asyncio.ensure_future(send(channel, message))
        for _ in range(TURNS):
            await asyncio.sleep(0)
        sent = event_of(message.routing_key, message.body)
        die(trap, Point.PUBLISHED, lambda snare: snare.event == sent)
        await sending

    return deadly


def die_after_deletion(settle: Call, trap: Trap) -> Call:
    async def deadly(self: Any, tx: Any, rows: Any, outcomes: Any, now: Any) -> None:
        await settle(self, tx, rows, outcomes, now)
        sent = {event_of(row["routing_key"], row["body"]) for row in rows}
        die(trap, Point.DELETED, lambda snare: snare.event in sent)

    return deadly


def die_after_taking(take: Call, trap: Trap) -> Call:
    async def deadly(tx: Any, messages: Any, now: Any) -> Any:
        fresh = await take(tx, messages, now)
        die(trap, Point.TAKEN, lambda snare: is_among(snare, fresh))
        return fresh

    return deadly


def die_after_applying(apply: Call, trap: Trap) -> Call:
    async def deadly(tx: Any, messages: Any) -> Any:
        failures = await apply(tx, messages)
        failed = [failure.message for failure in failures]
        done = [message for message in messages if message not in failed]
        die(trap, Point.APPLIED, lambda snare: is_among(snare, done))
        return failures

    return deadly


def is_among(snare: Snare, messages: Iterable[Message]) -> bool:
    """Whether one of these messages is the event, on the queue that is meant."""
    return any(
        message.type == f"portico.{snare.event}" and message.queue == snare.queue
        for message in messages
    )


def die_before_acknowledging(settle: Call, trap: Trap) -> Call:
    """A consumer acknowledges what it has settled: after its commit, and next."""

    async def deadly(self: Any, batch: Any) -> None:
        await settle(self, batch)
        die(trap, Point.SETTLED, lambda snare: snare.queue == self.queue and holds(snare, batch))

    return deadly


def holds(snare: Snare, batch: Iterable[Any]) -> bool:
    return any(json.loads(delivery.body)["type"] == f"portico.{snare.event}" for delivery in batch)


def note_mail(attempt: Call, trap: Trap) -> Call:
    """Remember which template this task is about; a courier's tasks send one mail each."""

    async def deadly(self: Any, delivery: Any, token: Any) -> None:
        MAIL.set(template_of(delivery.content))
        die(trap, Point.LEASED, is_this_mail)
        await attempt(self, delivery, token)

    return deadly


def die_before_data(envelope: Call, trap: Trap) -> Call:
    """The mail server waits for the content: it has agreed to MAIL, RCPT and DATA."""

    async def deadly(self: Any, mail: Any) -> Any:
        refusal = await envelope(self, mail)
        die(trap, Point.BEFORE_DATA, lambda snare: refusal is None and is_this_mail(snare))
        return refusal

    return deadly


def die_after_dot(content: Call, trap: Trap) -> Call:
    """The 250 may be on its way by then; the service has not seen it."""

    async def deadly(self: Any, written: bytes) -> Any:
        conversation = asyncio.ensure_future(content(self, written))
        if (snare := trap.snare(Point.AFTER_DOT)) and is_this_mail(snare):
            await asyncio.wait({conversation}, timeout=DOT_SECONDS)
            trap.spring(snare)
        return await conversation

    return deadly


def die_before_recording(send: Call, trap: Trap) -> Call:
    async def deadly(self: Any, mail: Any, before_dot: Any) -> Any:
        answer = await send(self, mail, before_dot)
        die(trap, Point.ANSWERED, is_this_mail)
        return answer

    return deadly


def is_this_mail(snare: Snare) -> bool:
    return snare.template == MAIL.get()


def die(trap: Trap, point: Point, meant: Callable[[Snare], bool]) -> None:
    """Spring the trap where it is armed for this point and this event."""
    snare = trap.snare(point)
    if snare is not None and meant(snare):
        trap.spring(snare)


CHANNELS = "services.notify.sending.channels"

SEAMS: tuple[Seam, ...] = (
    Seam("shared.messaging.outbox", "Outbox.write", ("self", "tx", "rows"), note_events),
    Seam("shared.db", "Database.transaction_on", ("self", "connection"), die_at_commit),
    Seam(
        "shared.messaging.broker",
        "Publisher.publish",
        ("self", "messages", "within"),
        die_around_publishing,
    ),
    Seam("shared.messaging.broker", "send", ("channel", "message"), die_after_sending),
    Seam(
        "shared.messaging.relay",
        "Relay._settle",
        ("self", "tx", "rows", "outcomes", "now"),
        die_after_deletion,
    ),
    Seam("shared.messaging.inbox", "take", ("tx", "messages", "now"), die_after_taking),
    Seam("shared.messaging.effects", "together", ("tx", "messages"), die_after_applying),
    Seam("shared.messaging.effects", "one_by_one", ("tx", "messages"), die_after_applying),
    Seam(
        "shared.messaging.consumer", "Consumer.settle", ("self", "batch"), die_before_acknowledging
    ),
)

SUBMISSIONS = "services.notify.communications.store"

SEAMS_OF_MAIL: tuple[Seam, ...] = (
    Seam(f"{SUBMISSIONS}.communications", "add", ("tx", "submissions"), note_submitted),
    Seam(f"{SUBMISSIONS}.waiting", "settle", ("tx", "filed", "postponed"), die_after_filing),
    Seam(
        "services.notify.sending.courier",
        "Courier._attempt",
        ("self", "delivery", "token"),
        note_mail,
    ),
    Seam(f"{CHANNELS}.conversation", "Conversation._envelope", ("self", "mail"), die_before_data),
    Seam(f"{CHANNELS}.conversation", "Conversation._content", ("self", "content"), die_after_dot),
    Seam(
        f"{CHANNELS}.smtp",
        "SmtpChannel.send",
        ("self", "mail", "before_dot"),
        die_before_recording,
    ),
)


def seams(service: str) -> tuple[Seam, ...]:
    """Return those that this service has: only notify sends mail."""
    return SEAMS + SEAMS_OF_MAIL if service == "notify" else SEAMS
