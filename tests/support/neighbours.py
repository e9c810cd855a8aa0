"""A service among neighbours: it serves for real, and others' events come over the real bus."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from shared import db
from shared.audit.entries import Origin
from shared.contracts import topology
from shared.contracts.contract import Contract, E
from shared.messaging.broker import Broker as Connection
from shared.messaging.intake import Feeds
from shared.messaging.outbox import Outbox
from shared.messaging.relay import Relay
from shared.messaging.wiring import Bus
from shared.metrics import Metrics
from shared.program.process import serve
from shared.program.program import F, S
from shared.program.runtime import Assembled
from shared.randomness import Randomness
from tests.builders.outbox import put_out
from tests.support.broker import Broker
from tests.support.clock import FakeClock
from tests.support.database import PATIENCE, Database

RANDOM = Randomness()


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """Another service as far as it is heard: its outbox, and the relay that publishes it."""

    database: db.Database
    outbox: Outbox
    relay: Relay

    async def tell(
        self, contract: Contract[E], data: E, *, subject: UUID | str, version: int | None = None
    ) -> None:
        """Publish an event as that service does: its own user, role, exchange and envelope."""
        origin = Origin(actor="service", source="", correlation_id=RANDOM.uuid())
        async with self.database.transaction() as tx:
            await put_out(
                tx, self.outbox, contract, data, subject=subject, origin=origin, version=version
            )
        await self.relay.once()


@asynccontextmanager
async def neighbour(service: str, database: Database, broker: Broker) -> AsyncIterator[Neighbour]:
    """Speak as this service for a while."""
    clock = FakeClock()
    outbox = Outbox(service=service, clock=clock, randomness=RANDOM)
    opened = db.Database(database.url(service), application=service, wait=PATIENCE)
    connection = Connection(broker.url(service), name=service)
    bus = Bus(
        service=service,
        broker=connection,
        database=opened,
        outbox=outbox,
        clock=clock,
        randomness=RANDOM,
        metrics=Metrics(),
        feeds=Feeds(),
    )
    try:
        yield Neighbour(database=opened, outbox=outbox, relay=bus.relay(topology.exchange(service)))
    finally:
        await connection.close()
        await opened.close()


@asynccontextmanager
async def serving(service: Assembled[F, S]) -> AsyncIterator[None]:
    """Let a service run as its process would, and drain it afterwards."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(serve(service, stop))
        try:
            yield
        finally:
            stop.set()
