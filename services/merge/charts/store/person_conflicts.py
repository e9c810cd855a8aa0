"""MG-5: duplicate charts that merges brought to light, for each practice its own."""

from collections.abc import Sequence
from datetime import datetime

from services.merge.charts.model import MergeConflict
from shared.contracts.identity import ChartsSettled
from shared.contracts.ids import MergeId, PatientId, PracticeId
from shared.db import Connection


async def add(
    tx: Connection,
    merge_id: MergeId,
    practice_id: PracticeId,
    patient_ids: Sequence[PatientId],
    *,
    at: datetime,
) -> None:
    """Keep one; a merge has one at most for a practice."""
    await tx.execute(
        """
        INSERT INTO person_conflicts (merge_id, practice_id, patient_ids, found_at)
        VALUES ($1, $2, $3, $4)
        """,
        merge_id,
        practice_id,
        list(patient_ids),
        at,
    )


async def settle(tx: Connection, settled: ChartsSettled, *, at: datetime) -> None:
    """Keep which records a practice has settled; the same settlement again changes nothing."""
    await tx.execute(
        """
        INSERT INTO settled_charts (settlement_id, practice_id, patient_ids, heard_at)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (settlement_id) DO NOTHING
        """,
        settled.settlement_id,
        settled.practice_id,
        [*settled.kept, *settled.given_up],
        at,
    )


async def of_practice(
    connection: Connection, practice_id: PracticeId, *, limit: int
) -> Sequence[MergeConflict]:
    """List a practice's own that it has not settled, newest first.

    Asked of both tables as they are read: whichever of the two was heard first, nothing has to be
    closed, and no message waits for another.
    """
    rows = await connection.fetch(
        """
        SELECT merge_id, patient_ids, found_at FROM person_conflicts AS found
        WHERE practice_id = $1 AND NOT EXISTS (
            SELECT FROM settled_charts AS settled
            WHERE settled.patient_ids @> found.patient_ids AND settled.practice_id = $1
        )
        ORDER BY found_at DESC, merge_id LIMIT $2
        """,
        practice_id,
        limit,
    )
    return [
        MergeConflict(
            merge_id=row["merge_id"],
            patient_ids=tuple(row["patient_ids"]),
            found_at=row["found_at"],
        )
        for row in rows
    ]
