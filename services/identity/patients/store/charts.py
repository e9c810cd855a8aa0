"""Duplicate charts in the database: whose records they are, and what their practice settled."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from services.identity.patients.model import PatientEnrolment
from shared.contracts.identity import EnrolmentState
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.db import Connection


async def enrolments(
    tx: Connection, practice_id: PracticeId, patient_ids: Sequence[PatientId]
) -> Mapping[PatientId, PatientEnrolment | None]:
    """Look up those of them that are the practice's own; None: one that never had an account."""
    rows = await tx.fetch(
        """
        SELECT p.id, e.account_id, e.state
        FROM patients p LEFT JOIN enrolments e ON e.patient_id = p.id
        WHERE p.id = ANY ($1) AND p.practice_id = $2
        """,
        patient_ids,
        practice_id,
    )
    return {
        PatientId(row["id"]): PatientEnrolment(
            account_id=AccountId(row["account_id"]), state=EnrolmentState(row["state"])
        )
        if row["account_id"]
        else None
        for row in rows
    }


async def settle(
    tx: Connection,
    settlement_id: UUID,
    practice_id: PracticeId,
    *,
    patient_ids: Sequence[PatientId],
    kept: Sequence[PatientId],
    now: datetime,
) -> bool:
    """Keep what was settled of these, in the order of their ids. False where they were before."""
    settled = await tx.fetchval(
        """
        INSERT INTO settled_charts (id, practice_id, patient_ids, kept, settled_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (patient_ids) DO NOTHING
        RETURNING id
        """,
        settlement_id,
        practice_id,
        list(patient_ids),
        list(kept),
        now,
    )
    return settled is not None
