"""MG-5: duplicate charts that merges brought to light, for each practice its own."""

from collections.abc import Sequence

from services.merge.model import PersonConflict
from shared.contracts.ids import PracticeId
from shared.db import Connection


async def add(tx: Connection, conflict: PersonConflict) -> None:
    """Keep one; a merge has one at most for a practice."""
    await tx.execute(
        """
        INSERT INTO person_conflicts (merge_id, practice_id, patient_ids, found_at)
        VALUES ($1, $2, $3, $4)
        """,
        conflict.merge_id,
        conflict.practice_id,
        list(conflict.patient_ids),
        conflict.found_at,
    )


async def of_practice(
    connection: Connection, practice_id: PracticeId, *, limit: int
) -> Sequence[PersonConflict]:
    """List a practice's own, newest first."""
    rows = await connection.fetch(
        """
        SELECT merge_id, practice_id, patient_ids, found_at FROM person_conflicts
        WHERE practice_id = $1 ORDER BY found_at DESC, merge_id LIMIT $2
        """,
        practice_id,
        limit,
    )
    return [
        PersonConflict(
            merge_id=row["merge_id"],
            practice_id=row["practice_id"],
            patient_ids=tuple(row["patient_ids"]),
            found_at=row["found_at"],
        )
        for row in rows
    ]
