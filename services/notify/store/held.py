"""Deliveries held in `unknown`: nobody knows whether they arrived until an operator decides."""

from collections.abc import Sequence
from datetime import datetime

from services.notify.model import DeliveryId, Held, MessageClass, State
from shared.contracts.ids import PracticeId
from shared.db import Connection


async def of_all(connection: Connection, *, limit: int) -> Sequence[Held]:
    """List what is held, oldest first."""
    rows = await connection.fetch(
        """
        SELECT id, class, template, practice_id, reference, link_purpose IS NULL AS resendable,
            created_at, finished_at
        FROM deliveries WHERE state = 'unknown' ORDER BY created_at, id LIMIT $1
        """,
        limit,
    )
    return [
        Held(
            id=DeliveryId(row["id"]),
            message_class=MessageClass(row["class"]),
            template=row["template"],
            practice_id=PracticeId(row["practice_id"]) if row["practice_id"] else None,
            reference=row["reference"],
            resendable=row["resendable"],
            created_at=row["created_at"],
            finished_at=row["finished_at"],
        )
        for row in rows
    ]


async def count(connection: Connection) -> tuple[int, datetime | None]:
    """Return how many are held, and since when the oldest exists."""
    row = await connection.fetchrow(
        "SELECT count(*) AS held, min(created_at) AS oldest FROM deliveries WHERE state = 'unknown'"
    )
    return (row["held"], row["oldest"]) if row else (0, None)


async def resend(tx: Connection, delivery_id: DeliveryId, *, now: datetime) -> bool:
    """Queue it again. False: it is not held, or its link's secret is gone."""
    mine = await tx.fetchval(
        """
        UPDATE deliveries SET state = 'queued', reason = NULL, finished_at = NULL, due_at = $2
        WHERE id = $1 AND state = 'unknown' AND link_purpose IS NULL
        RETURNING true
        """,
        delivery_id,
        now,
    )
    return mine is not None


async def settle(tx: Connection, delivery_id: DeliveryId, state: State, *, now: datetime) -> bool:
    """Record what became of it by an operator's word. False: it is not held."""
    mine = await tx.fetchval(
        """
        UPDATE deliveries
        SET state = $2, finished_at = $3, reason = CASE WHEN $2 = 'failed' THEN 'operator' END,
            content = content - 'username'
        WHERE id = $1 AND state = 'unknown'
        RETURNING true
        """,
        delivery_id,
        state,
        now,
    )
    return mine is not None
