"""The outbox: an event is written in the transaction of the change it tells."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from shared.audit.entries import Origin
from shared.clock import Clock
from shared.contracts import topology
from shared.contracts.contract import Contract, E, Kind
from shared.contracts.envelope import Envelope
from shared.contracts.ids import EventId
from shared.contracts.sessions import SessionEntry
from shared.db import Connection, after_commit
from shared.randomness import Randomness

ENCODER = msgspec.json.Encoder()

INSERT = """
WITH event AS (
    SELECT * FROM unnest(
        $1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::timestamptz[], $6::text[]
    ) WITH ORDINALITY AS event (event_id, exchange, routing_key, body, at, snapshot_of, place)
), told AS (
    INSERT INTO snapshots_told (routing_key, subject, told_at)
    SELECT routing_key, snapshot_of, max(at) FROM event
    WHERE snapshot_of IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (routing_key, subject) DO UPDATE SET told_at = excluded.told_at
)
INSERT INTO outbox (event_id, exchange, routing_key, body, created_at, available_at)
SELECT event_id, exchange, routing_key, body, at, at FROM event ORDER BY place
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """A message as it is kept until the broker has it; events have a routing key."""

    event_id: EventId
    exchange: str
    routing_key: str
    body: bytes
    at: datetime
    snapshot_of: str | None = None


class Outbox:
    """Writes rows; a relay for each exchange publishes them, woken by the commit."""

    def __init__(self, *, service: str, clock: Clock, randomness: Randomness) -> None:
        self.service = service
        self.clock = clock
        self.randomness = randomness
        exchanges = (topology.exchange(service), *topology.streams(service))
        self.wakes = {exchange: asyncio.Event() for exchange in exchanges}

    def new_id(self) -> EventId:
        """Mint an id beforehand, where a seal must be bound to it."""
        return EventId(self.randomness.uuid())

    def event(
        self,
        contract: Contract[E],
        data: E,
        *,
        subject: UUID | str,
        origin: Origin,
        version: int | None = None,
        event_id: EventId | None = None,
        cause: EventId | None = None,
    ) -> OutboxRow:
        """Make the row of an event. `version` is the aggregate's, for snapshots."""
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
        return OutboxRow(
            event_id=minted,
            exchange=topology.exchange(self.service),
            routing_key=contract.routing_key,
            body=ENCODER.encode(envelope),
            at=now,
            snapshot_of=str(subject) if contract.kind is Kind.SNAPSHOT else None,
        )

    def ended_session(self, entry: SessionEntry) -> OutboxRow:
        """Make the row of an entry for the stream of ended sessions, at who writes it."""
        if topology.SESSIONS not in self.wakes:
            raise ValueError(f"{topology.SESSIONS} is not {self.service}'s to write")
        return OutboxRow(
            event_id=self.new_id(),
            exchange=topology.SESSIONS,
            routing_key="",
            body=ENCODER.encode(entry),
            at=self.clock.now(),
        )

    async def write(self, tx: Connection, rows: Sequence[OutboxRow]) -> None:
        """Write rows in their order, however many, by one statement. Their relays wake with the
        commit.
        """
        if not rows:
            return
        await tx.execute(
            INSERT,
            [row.event_id for row in rows],
            [row.exchange for row in rows],
            [row.routing_key for row in rows],
            [row.body for row in rows],
            [row.at for row in rows],
            [row.snapshot_of for row in rows],
        )
        for exchange in {row.exchange for row in rows}:
            after_commit(tx, self.wakes[exchange].set)
