"""What runs in every service beside the bus, whatever its features are."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta

from shared import idempotency, limits, one_time
from shared.audit.backlog import AuditBacklog
from shared.audit.chain import AuditChain
from shared.clock import MEASURE_EVERY, DatabaseClock
from shared.db import Database
from shared.http import source_budget
from shared.loops import SOON, Loop, Sweep
from shared.metrics import Metrics
from shared.program.program import Plumbing, S
from shared.program.readiness import Ensured
from shared.trust import spent_grants

SWEPT = 1000  # rows a round


def own_loops(plumbing: Plumbing[S], keys: Ensured | None) -> Iterator[Loop]:
    """What runs in every service beside the bus. What readiness waits for retries soon."""
    database = plumbing.database
    chain = AuditChain(database=database, clock=plumbing.clock)
    backlog = AuditBacklog(database=database, clock=plumbing.clock, metrics=plumbing.metrics)
    if isinstance(plumbing.clock, DatabaseClock):
        yield Loop(name="clock", once=plumbing.clock.once, every=MEASURE_EVERY, longest_wait=SOON)
    if keys is not None:
        yield Loop(name="own-keys", once=keys.once, every=1.0, longest_wait=SOON)
    public_keys = plumbing.public_keys
    yield Loop(name="public-keys", once=public_keys.once, every=1.0, longest_wait=SOON)
    yield Loop(name="audit-chain", once=chain.once, every=1.0)
    yield Loop(name="audit-backlog", once=backlog.once, every=5.0)
    yield Loop(name="audit-floods", once=lambda: floods_told(plumbing), every=10.0)
    yield Loop(name="source-budget", once=plumbing.budget.once, every=10.0)
    yield Loop(name="lag", once=lambda: lag(plumbing.metrics), every=0.4)
    yield from own_sweeps(plumbing)


def own_sweeps(plumbing: Plumbing[S]) -> Iterator[Loop]:
    """What is over in the tables that every service has."""
    database, clock = plumbing.database, plumbing.clock

    def sweep(
        name: str, what: str, statement: str, *, every: float, kept: timedelta = timedelta()
    ) -> Loop:
        async def once() -> int:
            return await swept(database, statement, before=clock.now() - kept)

        return Sweep(name=name, what=what, once=once, full=SWEPT).loop(every)

    yield sweep(
        "spent-grants", "spent grants", spent_grants.SWEEP, every=3600.0, kept=spent_grants.KEPT
    )
    yield sweep("idempotency", "idempotency keys", idempotency.SWEEP, every=300.0)
    yield sweep("one-time-secrets", "one-time secrets", one_time.SWEEP, every=60.0)
    yield Sweep(
        name="source-budget sweep",
        what="refusals of sources",
        once=plumbing.budget.sweep,
        full=source_budget.SWEPT,
    ).loop(10.0)
    yield sweep("limits", "counts", limits.SWEEP, every=60.0)


async def swept(database: Database, statement: str, *, before: datetime) -> int:
    """Delete up to SWEPT rows that were over by then; return how many."""
    async with database.connection() as connection:
        return len(await connection.fetch(statement, before, SWEPT))


async def floods_told(plumbing: Plumbing[S]) -> int:
    """Say in a row each, and in a metric, how many refusals left no row of their own."""
    plumbing.metrics.count("audit_left_out", await plumbing.audit.tell_floods(plumbing.database))
    return 0


async def lag(metrics: Metrics) -> int:
    """Measure how much later than asked the event loop goes on."""
    clock = asyncio.get_running_loop().time
    asked = clock() + 0.1
    await asyncio.sleep(0.1)
    metrics.observe("event_loop_lag_seconds", max(0.0, clock() - asked))
    return 0
