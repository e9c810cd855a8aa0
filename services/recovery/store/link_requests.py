"""Requests for a link: accepted at once, claimed by whichever replica ticks first."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from services.recovery.model import LinkRequest
from shared.audit import Origin
from shared.db import Connection, Row


async def add(connection: Connection, request: LinkRequest) -> None:
    """Insert a request that is due at once; nothing is looked up."""
    await connection.execute(
        """
        INSERT INTO link_requests (
            id, name_digest, requested_at, due_at, source, correlation_id, traceparent
        )
        VALUES ($1, $2, $3, $3, $4, $5, $6)
        """,
        request.id,
        request.name_digest,
        request.requested_at,
        request.origin.source,
        request.origin.correlation_id,
        request.origin.traceparent,
    )


async def claim(tx: Connection, *, now: datetime, limit: int) -> Sequence[LinkRequest]:
    """Hold the requests that are due and that no other replica holds, oldest first."""
    rows = await tx.fetch(
        """
        SELECT id, name_digest, requested_at, source, correlation_id, traceparent
        FROM link_requests
        WHERE due_at <= $1
        ORDER BY due_at
        LIMIT $2
        FOR UPDATE SKIP LOCKED
        """,
        now,
        limit,
    )
    return [_request(row) for row in rows]


async def close(tx: Connection, ids: Sequence[UUID]) -> None:
    """Forget requests whose outcome is final."""
    await tx.execute("DELETE FROM link_requests WHERE id = ANY($1::uuid[])", list(ids))


async def postpone(tx: Connection, due: Mapping[UUID, datetime]) -> None:
    """Look at these again at their times."""
    await tx.execute(
        """
        UPDATE link_requests r
        SET due_at = later.due_at
        FROM unnest($1::uuid[], $2::timestamptz[]) AS later (id, due_at)
        WHERE r.id = later.id
        """,
        list(due.keys()),
        list(due.values()),
    )


def _request(row: Row) -> LinkRequest:
    return LinkRequest(
        id=row["id"],
        name_digest=row["name_digest"],
        requested_at=row["requested_at"],
        origin=Origin(
            actor="anonymous",
            source=row["source"],
            correlation_id=row["correlation_id"],
            traceparent=row["traceparent"],
        ),
    )
