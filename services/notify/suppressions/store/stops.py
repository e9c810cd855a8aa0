"""Stopped numbers, in E.164."""

from collections.abc import Collection
from datetime import datetime

from shared.db import Connection


async def add(tx: Connection, numbers: Collection[str], *, now: datetime) -> int:
    """Stop these; return how many were not stopped before."""
    rows = await tx.fetch(
        """
        INSERT INTO stopped_numbers (number, since)
        SELECT number, $2 FROM unnest($1::text[]) AS one (number) ORDER BY number
        ON CONFLICT DO NOTHING
        RETURNING 1
        """,
        list(set(numbers)),
        now,
    )
    return len(rows)


async def remove(tx: Connection, number: str) -> bool:
    """Start it again. False: it was not stopped."""
    row = await tx.fetchrow("DELETE FROM stopped_numbers WHERE number = $1 RETURNING 1", number)
    return row is not None


async def among(connection: Connection, numbers: Collection[str]) -> Collection[str]:
    """Return which of these are stopped."""
    rows = await connection.fetch(
        "SELECT number FROM stopped_numbers WHERE number = ANY ((SELECT $1::text[])::text[])",
        list(numbers),
    )
    return {row["number"] for row in rows}
