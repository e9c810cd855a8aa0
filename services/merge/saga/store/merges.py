"""Merges: what was heard of each, added to by one guarded UPDATE a message (MG-9)."""

from collections.abc import Collection, Sequence
from datetime import datetime

from services.merge.saga.model import Applier, Merge, Progress, Reason
from shared.contracts.ids import AccountId, MergeId, PatientId
from shared.db import Connection, Row

COLUMNS = """
    merge_id, survivor_id, absorbed_id, known_charts, applied, refusal, under_review, requested_at,
    approved_at, ended_at,
    (SELECT r.review_until FROM reviews r WHERE r.merge_id = merges.merge_id) AS review_until
"""


async def add(tx: Connection, merge: Merge) -> None:
    """Insert one that nobody has applied."""
    await tx.execute(
        """
        INSERT INTO merges (merge_id, survivor_id, absorbed_id, requested_at)
        VALUES ($1, $2, $3, $4)
        """,
        merge.id,
        merge.survivor_id,
        merge.absorbed_id,
        merge.requested_at,
    )


async def keep_known_charts(
    tx: Connection, merge_id: MergeId, patient_ids: Collection[PatientId]
) -> None:
    """Keep what the survivor has while nobody can have applied it: snapshots may overtake."""
    await tx.execute(
        "UPDATE merges SET known_charts = $2 WHERE merge_id = $1", merge_id, list(patient_ids)
    )


async def note_applied(tx: Connection, merge_id: MergeId, applier: Applier) -> Merge | None:
    """Add that this service has applied it; None where that is nothing new, or cannot be."""
    row = await tx.fetchrow(
        f"""
        UPDATE merges SET applied = applied || $2::text
        WHERE merge_id = $1 AND refusal IS NULL AND NOT under_review
            AND NOT applied @> ARRAY[$2::text]
        RETURNING {COLUMNS}
        """,  # noqa: S608 - columns of ours
        merge_id,
        applier,
    )
    return _merge(row) if row else None


async def note_refused(tx: Connection, merge_id: MergeId, reason: Reason) -> Merge | None:
    """Add that it was refused; None where that is nothing new, or cannot be."""
    row = await tx.fetchrow(
        f"""
        UPDATE merges SET refusal = $2, under_review = false
        WHERE merge_id = $1 AND refusal IS NULL AND applied = '{{}}'
        RETURNING {COLUMNS}
        """,  # noqa: S608 - columns of ours
        merge_id,
        reason,
    )
    return _merge(row) if row else None


async def put_under_review(tx: Connection, merge_id: MergeId) -> None:
    """Let it wait for practices; nobody else knows it yet."""
    await tx.execute("UPDATE merges SET under_review = true WHERE merge_id = $1", merge_id)


async def note_approved(tx: Connection, merge_id: MergeId, *, at: datetime) -> bool:
    """Let it wait for identity. False where that has refused it already."""
    approved = await tx.fetchval(
        """
        UPDATE merges SET under_review = false, approved_at = greatest(requested_at, $2)
        WHERE merge_id = $1 AND under_review AND refusal IS NULL
        RETURNING true
        """,
        merge_id,
        at,
    )
    return approved is not None


async def end(tx: Connection, merge_id: MergeId, *, at: datetime) -> None:
    """Say when it ended; its row is held since the message that ended it.

    Another replica's clock may have been a little ahead as it was requested.
    """
    await tx.execute(
        "UPDATE merges SET ended_at = greatest(requested_at, $2) WHERE merge_id = $1", merge_id, at
    )


async def find(connection: Connection, merge_id: MergeId) -> Merge | None:
    row = await connection.fetchrow(
        f"SELECT {COLUMNS} FROM merges WHERE merge_id = $1",  # noqa: S608 - columns of ours
        merge_id,
    )
    return _merge(row) if row else None


async def of_survivor(
    connection: Connection, account_id: AccountId, *, limit: int
) -> Sequence[Merge]:
    """List the merges that an account asked for, newest first."""
    rows = await connection.fetch(
        f"""
        SELECT {COLUMNS} FROM merges WHERE survivor_id = $1
        ORDER BY requested_at DESC, merge_id LIMIT $2
        """,  # noqa: S608 - columns of ours
        account_id,
        limit,
    )
    return [_merge(row) for row in rows]


async def oldest_open(connection: Connection, *, limit: int) -> Sequence[Merge]:
    """List merges that others are asked about and that have not ended, oldest first."""
    rows = await connection.fetch(
        f"""
        SELECT {COLUMNS} FROM merges WHERE ended_at IS NULL AND NOT under_review
        ORDER BY coalesce(approved_at, requested_at), merge_id LIMIT $1
        """,  # noqa: S608 - columns of ours
        limit,
    )
    return [_merge(row) for row in rows]


def _merge(row: Row) -> Merge:
    return Merge(
        id=row["merge_id"],
        survivor_id=row["survivor_id"],
        absorbed_id=row["absorbed_id"],
        known_charts=frozenset(row["known_charts"]),
        progress=Progress(
            applied=frozenset(Applier(one) for one in row["applied"]),
            refusal=Reason(row["refusal"]) if row["refusal"] else None,
            under_review=row["under_review"],
        ),
        requested_at=row["requested_at"],
        ended_at=row["ended_at"],
        review_until=row["review_until"],
        approved_at=row["approved_at"],
    )
