"""How often a username may be asked for by an address: one guarded upsert counts and decides."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from shared.db import Connection

HOUR = timedelta(hours=1)


async def take(
    tx: Connection, wanted: Mapping[bytes, int], *, an_hour: int, now: datetime
) -> Mapping[bytes, int]:
    """Count so many requests for each address; return how many of them are within the limit.

    Counted are only those within it, so that one more is when the oldest is an hour old. Rows are
    held until commit, in the order of their digests, so that two replicas never wait for each
    other.
    """
    rows = await tx.fetch(
        """
        INSERT INTO reminder_budgets AS budget (
            address_digest, counted_at, granted, last_counted_at
        )
        SELECT address_digest, array_fill($3::timestamptz, ARRAY[granted]), granted, $3
        FROM (
            SELECT address_digest, least(asked, $4::int) AS granted
            FROM unnest($1::bytea[], $2::int[]) AS wanted (address_digest, asked)
        ) AS first
        ORDER BY address_digest
        ON CONFLICT (address_digest) DO UPDATE
        SET (counted_at, granted, last_counted_at) = (
            SELECT
                recent.instants || array_fill($3::timestamptz, ARRAY[free.granted]),
                free.granted,
                $3
            FROM
                (
                    SELECT ARRAY(
                        SELECT instant FROM unnest(budget.counted_at) AS instant
                        WHERE instant > $5
                        ORDER BY instant
                    ) AS instants
                ) AS recent,
                LATERAL (
                    SELECT greatest(
                        0, least(excluded.granted, $4 - cardinality(recent.instants))
                    ) AS granted
                ) AS free
        )
        RETURNING address_digest, granted
        """,
        list(wanted.keys()),
        list(wanted.values()),
        now,
        an_hour,
        now - HOUR,
    )
    return {row["address_digest"]: row["granted"] for row in rows}


async def sweep(tx: Connection, *, now: datetime, limit: int) -> int:
    """Delete budgets that the hour does not reach any more; return how many."""
    rows = await tx.fetch(
        """
        DELETE FROM reminder_budgets
        WHERE address_digest IN (
            SELECT address_digest FROM reminder_budgets
            WHERE last_counted_at <= $1
            ORDER BY address_digest
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        RETURNING address_digest
        """,
        now - HOUR,
        limit,
    )
    return len(rows)
