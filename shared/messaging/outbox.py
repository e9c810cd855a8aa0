"""The outbox: an event is written in the transaction of the change it tells."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import msgspec

from shared.audit import Origin
from shared.clock import Clock
from shared.contracts import topology
from shared.contracts.contract import Contract, E
from shared.contracts.envelope import Envelope
from shared.contracts.ids import EventId
from shared.contracts.sessions import SessionEntry
from shared.db import Connection
from shared.randomness import Randomness

ENCODER = msgspec.json.Encoder()

INSERT = """
INSERT INTO outbox (event_id, exchange, routing_key, body, created_at, available_at)
VALUES ($1, $2, $3, $4, $5, $5)
"""


class Wake:
    """Tells a relay of this process that rows were added; the commit comes a moment later.

    `touched` is when, so that a relay that finds nothing yet looks again soon.
    """

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self.touched = float("-inf")

    def touch(self) -> None:
        """Note that a row was added just now."""
        self.touched = asyncio.get_running_loop().time()
        self.event.set()


class Outbox:
    """Writes rows; a relay for each exchange publishes them."""

    def __init__(self, *, service: str, clock: Clock, randomness: Randomness) -> None:
        self.service = service
        self.clock = clock
        self.randomness = randomness
        self.events = Wake()
        self.sessions = Wake()

    def new_id(self) -> EventId:
        """Mint an id beforehand, where a seal must be bound to it."""
        return EventId(self.randomness.uuid())

    async def add(
        self,
        tx: Connection,
        contract: Contract[E],
        data: E,
        *,
        subject: UUID | str,
        origin: Origin,
        version: int | None = None,
        event_id: EventId | None = None,
        cause: EventId | None = None,
    ) -> EventId:
        """Write the event. `version` is the aggregate's, for snapshots. Wakes the relay later."""
        if contract.owner != self.service:
            raise ValueError(f"{contract.type} is {contract.owner}'s to publish")
        minted = event_id or self.new_id()
        now = self.clock.now()
        envelope = Envelope(
            specversion="1.0",
            id=minted,
            source=f"/{self.service}",
            type=contract.type,
            subject=str(subject),
            time=now,
            datacontenttype="application/json",
            data=msgspec.Raw(ENCODER.encode(data)),
            aggregateversion=version,
            correlationid=origin.correlation_id,
            causationid=cause,
            traceparent=origin.traceparent,
        )
        body = ENCODER.encode(envelope)
        exchange = topology.exchange(self.service)
        await tx.execute(INSERT, minted, exchange, contract.routing_key, body, now)
        self.events.touch()
        return minted

    async def end_sessions(self, tx: Connection, entries: Sequence[SessionEntry]) -> None:
        """Identity only: write entries for the stream of ended sessions, thousands at once too."""
        if self.service != "identity":
            raise ValueError("only identity ends sessions")
        now = self.clock.now()
        rows = [
            (self.new_id(), topology.SESSIONS, "", ENCODER.encode(entry), now) for entry in entries
        ]
        await tx.executemany(INSERT, rows)
        self.sessions.touch()
