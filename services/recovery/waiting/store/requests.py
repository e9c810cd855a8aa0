"""Accepted requests: a table a kind, all alike, claimed by whichever replica ticks first."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from services.recovery.waiting.model import Kind, Request
from shared.audit.entries import Origin
from shared.db import Connection, Row

TABLES = {Kind.RESET_LINK: "link_requests", Kind.USERNAME_REMINDER: "reminder_requests"}


async def add(kind: Kind, connection: Connection, requests: Sequence[Request]) -> Sequence[Request]:
    """Insert requests that are due at once; nothing is looked up."""
    await connection.execute(
        f"""
        INSERT INTO {TABLES[kind]} (
            id, name_digest, person_digests, requested_at, due_at, source, correlation_id,
            traceparent
        )
        SELECT id, name_digest, person_digests, requested_at, requested_at, source,
            correlation_id, traceparent
        FROM unnest(
            $1::uuid[], $2::bytea[], $3::bytea[], $4::timestamptz[], $5::text[], $6::uuid[],
            $7::text[]
        ) AS asked (
            id, name_digest, person_digests, requested_at, source, correlation_id, traceparent
        )
        """,  # noqa: S608 - names of ours
        [request.id for request in requests],
        [request.name_digest for request in requests],
        [request.person_digests for request in requests],
        [request.requested_at for request in requests],
        [request.origin.source for request in requests],
        [request.origin.correlation_id for request in requests],
        [request.origin.traceparent for request in requests],
    )
    return requests


async def claim(tx: Connection, kind: Kind, *, now: datetime, limit: int) -> Sequence[Request]:
    """Hold the requests that are due and that no other replica holds, oldest first."""
    rows = await tx.fetch(
        f"""
        SELECT id, name_digest, person_digests, requested_at, source, correlation_id, traceparent,
            due_at > requested_at AS seen
        FROM {TABLES[kind]}
        WHERE due_at <= $1
        ORDER BY due_at
        LIMIT $2
        FOR UPDATE SKIP LOCKED
        """,  # noqa: S608 - names of ours
        now,
        limit,
    )
    return [_request(row) for row in rows]


async def close(tx: Connection, kind: Kind, ids: Sequence[UUID]) -> None:
    """Forget requests whose outcome is final."""
    await tx.execute(
        f"DELETE FROM {TABLES[kind]} WHERE id = ANY($1::uuid[])",  # noqa: S608 - names of ours
        list(ids),
    )


async def postpone(tx: Connection, kind: Kind, due: Mapping[UUID, datetime]) -> None:
    """Look at these again at their times."""
    await tx.execute(
        f"""
        UPDATE {TABLES[kind]} r
        SET due_at = later.due_at
        FROM unnest($1::uuid[], $2::timestamptz[]) AS later (id, due_at)
        WHERE r.id = later.id
        """,  # noqa: S608 - names of ours
        list(due.keys()),
        list(due.values()),
    )


def _request(row: Row) -> Request:
    return Request(
        id=row["id"],
        name_digest=row["name_digest"],
        person_digests=row["person_digests"],
        requested_at=row["requested_at"],
        origin=Origin(
            actor="anonymous",
            source=row["source"],
            correlation_id=row["correlation_id"],
            traceparent=row["traceparent"],
        ),
        seen=row["seen"],
    )
