"""What practices submitted and the ledger has not got yet: it is taken practice by practice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.notify.communications.model import Submitted
from services.notify.communications.store.communications import communication
from shared.contracts.ids import EventId, PracticeId
from shared.db import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Postponed:
    """One that is tried again later, and what it waits for."""

    event_id: EventId
    due_at: datetime
    waits_for: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """What many wait for, and since when the oldest of them does."""

    what: str
    depth: int
    oldest: datetime


async def practices(
    connection: Connection, *, after: PracticeId, limit: int, now: datetime
) -> Sequence[PracticeId]:
    """List practices of which something is due, from behind `after`.

    It hops from practice to practice in the index: 100,000 of one cost one hop.
    """
    rows = await connection.fetch(
        """
        WITH RECURSIVE ring AS (
            (
                SELECT practice_id FROM communications
                WHERE due_at IS NOT NULL AND practice_id > $1
                ORDER BY practice_id LIMIT 1
            )
            UNION ALL
            SELECT (
                SELECT c.practice_id FROM communications AS c
                WHERE c.due_at IS NOT NULL AND c.practice_id > ring.practice_id
                ORDER BY c.practice_id LIMIT 1
            )
            FROM ring WHERE ring.practice_id IS NOT NULL
        )
        SELECT practice_id FROM ring
        WHERE practice_id IS NOT NULL AND EXISTS (
            SELECT FROM communications AS due
            WHERE due.practice_id = ring.practice_id AND due.due_at <= $2
        )
        LIMIT $3
        """,
        after,
        now,
        limit,
    )
    return [PracticeId(row["practice_id"]) for row in rows]


async def claim(
    tx: Connection, practices: Sequence[PracticeId], *, limit: int, now: datetime
) -> Sequence[Submitted]:
    """Hold each practice's longest due, as many of one as of another."""
    rows = await tx.fetch(
        """
        SELECT of_one.*
        FROM unnest((SELECT $1::uuid[])) AS practice (id)
        CROSS JOIN LATERAL (
            SELECT event_id, practice_id, patient_id, topic, reference, submitted_at, attempts,
                coalesce(correlation_id, event_id) AS correlation_id
            FROM communications
            WHERE practice_id = practice.id AND due_at <= $2
            ORDER BY due_at LIMIT $3
            FOR UPDATE SKIP LOCKED
        ) AS of_one
        """,
        list(practices),
        now,
        limit,
    )
    return [
        Submitted(
            event_id=EventId(row["event_id"]),
            communication=communication(row),
            submitted_at=row["submitted_at"],
            correlation_id=row["correlation_id"],
            attempts=row["attempts"],
        )
        for row in rows
    ]


async def settle(tx: Connection, filed: Sequence[EventId], postponed: Sequence[Postponed]) -> None:
    """Note which are in the ledger, and when the others are tried again."""
    await tx.execute(
        """
        UPDATE communications AS c
        SET due_at = settled.due_at, waits_for = settled.waits_for, attempts = c.attempts + 1
        FROM unnest((SELECT $1::uuid[]), $2::timestamptz[], $3::text[])
            AS settled (event_id, due_at, waits_for)
        WHERE c.event_id = settled.event_id
        """,
        [*filed, *(one.event_id for one in postponed)],
        [*(None for _ in filed), *(one.due_at for one in postponed)],
        [*(None for _ in filed), *(one.waits_for for one in postponed)],
    )


async def late(connection: Connection, *, before: datetime) -> Sequence[Late]:
    """Say for what something has waited since before then."""
    rows = await connection.fetch(
        """
        SELECT coalesce(waits_for, 'their turn') AS what, count(*) AS depth,
            min(submitted_at) AS oldest
        FROM communications WHERE due_at IS NOT NULL AND submitted_at < $1
        GROUP BY 1 ORDER BY 1
        """,
        before,
    )
    return [Late(**row) for row in rows]
