"""What a statement that is prepared reads from end to end, whatever its values."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec

from shared.db import Connection, Database

Call = Callable[[Connection], Awaitable[object]]

PLANNED_BEFORE_ONE_IS_KEPT = 5  # times, by PostgreSQL, of each statement of a connection


@dataclass(slots=True)
class Note:
    """A connection that notes what it is asked, and finds nothing."""

    asked: list[tuple[str, tuple[object, ...]]] = field(default_factory=list)

    async def fetch(self, query: str, *values: object) -> list[object]:
        self.asked.append((query, values))
        return []

    async def fetchrow(self, query: str, *values: object) -> None:
        self.asked.append((query, values))

    async def fetchval(self, query: str, *values: object) -> None:
        self.asked.append((query, values))

    async def execute(self, query: str, *values: object) -> str:
        self.asked.append((query, values))
        return "DELETE 0"


def detours(plan: dict[str, Any]) -> list[str]:
    """What a plan reads from end to end: a table, or an index by something else than its keys."""
    own = []
    if plan["Node Type"] == "Seq Scan":
        own = [plan["Relation Name"]]
    elif "Index Name" in plan and "Index Cond" not in plan:
        own = [plan["Index Name"]]
    return own + [name for part in plan.get("Plans", ()) for name in detours(part)]


def indexes(plan: dict[str, Any]) -> set[str]:
    """The indexes that a plan reads."""
    own = {plan["Index Name"]} if "Index Name" in plan else set()
    return own.union(*(indexes(part) for part in plan.get("Plans", ())))


async def detours_of(database: Database, call: Call) -> Sequence[str]:
    """Those of the plan that is kept for its statement."""
    return detours(await plan_of(database, call))


async def pages_read(database: Database, call: Call) -> int:
    """How many pages its statement reads, with these values."""
    note = Note()
    await call(cast(Connection, note))
    ((query, values),) = note.asked
    async with database.transaction() as tx:
        found = await tx.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query}", *values)
    plan: dict[str, Any] = msgspec.json.decode(found)[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


async def times_planned(database: Database, call: Call, *, times: int) -> int:
    """How often a connection plans its statement anew, whose values are known by then, of so many
    times that it is asked.
    """
    note = Note()
    await call(cast(Connection, note))
    ((query, values),) = note.asked
    async with database.connection() as connection:
        prepared = await connection.prepare(query)
        for _ in range(times):
            async with connection.transaction():
                await prepared.fetch(*values)
        planned: int = await connection.fetchval(
            "SELECT custom_plans FROM pg_prepared_statements WHERE name = $1", prepared.get_name()
        )
    return planned


async def plan_of(database: Database, call: Call) -> dict[str, Any]:
    """The plan that is kept for its statement."""
    note = Note()
    await call(cast(Connection, note))
    ((query, values),) = note.asked
    async with database.transaction() as tx:
        await tx.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        await tx.execute(f"PREPARE kept AS {query}")
        nulls = ", ".join("NULL" for _ in values)
        found = await tx.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE kept ({nulls})")
        await tx.execute("DEALLOCATE kept")
    plan: dict[str, Any] = msgspec.json.decode(found)[0]["Plan"]
    return plan
