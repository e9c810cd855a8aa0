"""A service's audit in a test: entries written, chained, tampered with, verified."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from shared.audit import dropping
from shared.audit.chain import AuditChain, ChainBroken
from shared.audit.entries import Audit, Entry, Origin
from shared.audit.verification import AuditVerification
from shared.db import Database, Row, one_connection
from shared.progress import Progress
from shared.randomness import Randomness
from tests.support import database as databases
from tests.support.clock import FakeClock

RANDOMNESS = Randomness()
STAFF = Origin(
    actor="staff:7@p1",
    source="192.0.2.1",
    correlation_id=RANDOMNESS.uuid(),
    traceparent="00-1-2-01",
    reason="asked by phone",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A service's audit, and what chains it."""

    service: str
    database: databases.Database
    pool: Database
    clock: FakeClock
    chain: AuditChain

    async def enters(self, **said: Any) -> None:
        """Record one entry."""
        async with self.pool.transaction() as tx:
            await audit(self.clock).record(tx, entry(**said))

    async def records(self, count: int = 1, *, at: datetime | None = None) -> None:
        """Record so many; with any time, as the service's own role can."""
        async with self.pool.transaction() as tx:
            for number in range(count):
                clock = self.clock if at is None else FakeClock(at)
                await audit(clock).record(tx, entry(subject=f"patient:{number}"))

    async def by_owner(self, statement: str) -> None:
        """What a thief with the migration role's password could do."""
        url = self.database.migration_url(self.service)
        async with one_connection(url, application="test") as connection:
            await connection.execute(statement)

    async def drops(self) -> int:
        """Drop what is six years old as the verb does; return how many times something was."""
        url = self.database.migration_url(self.service)
        async with one_connection(url, application="test") as owner:
            due = await dropping.due(owner, self.clock.now())
            for months in due:
                async with owner.transaction():
                    await dropping.drop(owner, months, by=STAFF, audit=audit(self.clock))
        return len(due)

    async def rows(self, query: str) -> Sequence[Row]:
        async with self.pool.connection() as connection:
            return await connection.fetch(query)

    async def verify(self, *, moved: bool = False) -> str:
        """Verify; where a clock file moves the clock, as it does in a tour."""
        verification = AuditVerification(database=self.pool, clock=self.clock, moved=moved)
        return await verification.verify(Progress())

    async def is_broken(self, match: str) -> None:
        """Assert that the chain says so."""
        with pytest.raises(ChainBroken, match=match):
            await self.verify()


def audit(clock: FakeClock) -> Audit:
    return Audit(clock=clock, randomness=RANDOMNESS)


def entry(**said: Any) -> Entry:
    return Entry(**{"origin": STAFF, "action": "token.issued", "outcome": "done", **said})


@asynccontextmanager
async def opened(
    database: databases.Database, clock: FakeClock, service: str = "identity"
) -> AsyncIterator[Book]:
    pool = Database(database.url(service), application="test", wait=10.0)
    try:
        chain = AuditChain(database=pool, clock=clock)
        yield Book(service=service, database=database, pool=pool, clock=clock, chain=chain)
    finally:
        await pool.close()
