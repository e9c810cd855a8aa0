"""Replicas of services that have nothing but their part of the bus, and a table for effects."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from uuid import UUID

import pytest_asyncio
from yarl import URL

from shared.audit.entries import Origin
from shared.contracts.contract import Contract, Kind
from shared.contracts.envelope import Received
from shared.contracts.identity import ACCOUNT_CHANGED, AccountChanged
from shared.contracts.ids import AccountId, EventId
from shared.db import Connection, Database
from shared.loops import Loop
from shared.messaging.broker import Broker
from shared.messaging.intake import Feeds, Intake
from shared.messaging.management import segment
from shared.messaging.outbox import Outbox
from shared.messaging.retries import RetryPolicy
from shared.messaging.subscriptions import Subscription, subscribe
from shared.messaging.wiring import Bus, Messaging
from shared.metrics import Metrics
from shared.randomness import Randomness
from tests.builders import events
from tests.builders.outbox import put_out
from tests.support.broker import Broker as Vhost
from tests.support.clock import FakeClock
from tests.support.database import PATIENCE
from tests.support.database import Database as TestDatabase

QUEUE = "merge.accounts"
ORIGIN = Origin(actor="service", source="", correlation_id=UUID(int=7))
UNHEARD = Contract("identity", "unheard", AccountChanged, Kind.ACTIVITY)

EFFECTS = """
CREATE TABLE effects (event_id uuid NOT NULL, subject text NOT NULL, version integer NOT NULL);
CREATE TABLE newest (subject text PRIMARY KEY, version integer NOT NULL);
CREATE TABLE strict (name text NOT NULL UNIQUE, n integer CHECK (n > 0));
GRANT SELECT, INSERT, UPDATE, DELETE ON effects, newest, strict TO {service};
"""
RECORD = "INSERT INTO effects (event_id, subject, version) VALUES ($1, $2, $3)"
RENEW = """
INSERT INTO newest (subject, version) VALUES ($1, $2)
ON CONFLICT (subject) DO UPDATE SET version = excluded.version
WHERE newest.version < excluded.version
"""


def an_account(account_id: UUID) -> AccountChanged:
    return events.account(AccountId(account_id), username="ada.lovelace", email=None)


@dataclass(slots=True)
class Recorder:
    """A handler that writes each event it gets; `fail` may raise instead."""

    fail: Callable[[Received[AccountChanged]], None] = field(default=lambda event: None)

    async def record(self, tx: Connection, event: Received[AccountChanged]) -> None:
        await tx.execute(RECORD, event.id, event.subject, event.version)
        await tx.execute(RENEW, event.subject, event.version)
        self.fail(event)

    @property
    def table(self) -> Mapping[str, tuple[Subscription, ...]]:
        return {QUEUE: (subscribe(ACCOUNT_CHANGED, self.record),)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """One process's part of the bus."""

    bus: Bus
    messaging: Messaging

    @property
    def database(self) -> Database:
        return self.bus.database

    @property
    def metrics(self) -> Metrics:
        return self.bus.metrics

    @property
    def intake(self) -> Intake:
        return self.messaging.intakes[0]

    @property
    def drainer(self) -> Intake:
        return self.messaging.intakes[-1]

    async def tell(
        self,
        subject: UUID,
        *,
        version: int = 1,
        contract: Contract[AccountChanged] = ACCOUNT_CHANGED,
        origin: Origin = ORIGIN,
        tx: Connection | None = None,
    ) -> EventId:
        """Write one event to the outbox, in a transaction of its own where none is given."""
        async with nullcontext(tx) if tx else self.database.transaction() as within:
            return await put_out(
                within,
                self.bus.outbox,
                contract,
                an_account(subject),
                subject=subject,
                origin=origin,
                version=version,
            )

    async def hear(self, teller: "Replica", *subjects: UUID) -> None:
        """Take in an event about each subject, which the other tells."""
        for subject in subjects:
            await teller.tell(subject)
        await teller.relay_all()
        await self.intake.drain()

    async def retry(self, queue: str = QUEUE) -> int:
        """Try again what is due."""
        return await self.messaging.retries[queue].once()

    def loop(self, name: str) -> Loop:
        """The loop of that name."""
        [found] = [one for one in self.messaging.loops if one.name == name]
        return found

    async def relay_all(self) -> int:
        """Publish until nothing is due."""
        total = 0
        while sent := await self.messaging.relays[0].once():
            total += sent
        return total

    async def fetch(self, query: str) -> list[tuple[object, ...]]:
        async with self.database.connection() as connection:
            return [tuple(row) for row in await connection.fetch(query)]

    async def effects(self) -> list[tuple[object, ...]]:
        return await self.fetch("SELECT subject, version FROM effects ORDER BY subject, version")

    async def dead(self) -> list[tuple[object, ...]]:
        return await self.fetch("SELECT reason, detail FROM dead_letters ORDER BY id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Replicas:
    """Makes replicas; all are closed with the test."""

    databases: TestDatabase
    vhost: Vhost
    clock: FakeClock
    stack: AsyncExitStack

    async def of(
        self,
        service: str,
        handlers: Recorder | Mapping[str, tuple[Subscription, ...]] | None = None,
        *,
        database_url: str | None = None,
        broker_url: str | None = None,
        policy: RetryPolicy | None = None,
    ) -> Replica:
        randomness, metrics = Randomness(), Metrics()
        database = Database(
            database_url or self.databases.url(service), application="test", wait=PATIENCE
        )
        self.stack.push_async_callback(database.close)
        broker = Broker(broker_url or self.vhost.url(service), name=f"test {service}")
        self.stack.push_async_callback(broker.close)
        bus = Bus(
            service=service,
            broker=broker,
            database=database,
            outbox=Outbox(service=service, clock=self.clock, randomness=randomness),
            clock=self.clock,
            randomness=randomness,
            metrics=metrics,
            feeds=Feeds(),
        )
        table = handlers.table if isinstance(handlers, Recorder) else handlers
        return Replica(bus=bus, messaging=bus.messaging(table or {}, policy=policy))

    async def connections(self, service: str) -> list[str]:
        """Name the connections of a service's user: the management sees one some seconds late."""
        found = await self.vhost.management.get(
            f"/api/vhosts/{segment(self.vhost.vhost)}/connections"
        )
        user = URL(self.vhost.url(service)).user
        names = [one["name"] for one in found if one.get("user") == user]
        assert names
        return names

    async def close(self, connections: list[str]) -> None:
        """Close connections at the broker, as an operator can."""
        for name in connections:
            await self.vhost.management.delete(f"/api/connections/{segment(name)}")

    async def waiting(self, queue: str) -> int:
        """Count what a queue holds, by asking it and not the management's last sample."""
        broker = Broker(self.vhost.administrator_url, name="test count")
        try:
            async with broker.pull() as deliveries:
                return len(await deliveries.pull(queue, 100_000))
        finally:
            await broker.close()


@asynccontextmanager
async def running(*intakes: Intake) -> AsyncIterator[None]:
    """Let intakes consume meanwhile."""
    tasks = [asyncio.create_task(intake.run()) for intake in intakes]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest_asyncio.fixture
async def replicas(
    database: TestDatabase, broker: Vhost, clock: FakeClock
) -> AsyncIterator[Replicas]:
    """The maker of replicas, with merge's schema given the tables that effects are read from."""
    owner = Database(
        database.migration_url("merge"), application="test fixture", size=1, wait=PATIENCE
    )
    async with owner.connection() as connection:
        await connection.execute(EFFECTS.format(service="merge"))
    await owner.close()
    async with AsyncExitStack() as stack:
        yield Replicas(databases=database, vhost=broker, clock=clock, stack=stack)


@pytest_asyncio.fixture
async def merge(replicas: Replicas) -> Replica:
    """Who hears, and notes each effect."""
    return await replicas.of("merge", Recorder())


@pytest_asyncio.fixture
async def identity(replicas: Replicas) -> Replica:
    """Who publishes."""
    return await replicas.of("identity")
