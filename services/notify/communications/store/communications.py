"""What practices submitted: the sender's own id makes it idempotent (NT-9)."""

from datetime import datetime

from services.notify.communications.model import Communication
from shared.contracts.ids import EventId, PatientId
from shared.contracts.notify import Topic
from shared.db import Connection


async def add(
    tx: Connection, communication: Communication, event_id: EventId, *, now: datetime
) -> bool:
    """Keep it. False: the practice used this reference before, also in a race, or the patient
    record is known as another practice's.
    """
    added = await tx.fetchval(
        """
        INSERT INTO communications
            (practice_id, reference, event_id, patient_id, topic, submitted_at)
        SELECT $1, $2, $3, $4, $5, $6
        WHERE EXISTS (SELECT FROM patient_records WHERE patient_id = $4 AND practice_id = $1)
           OR NOT EXISTS (SELECT FROM patient_records WHERE patient_id = $4)
        ON CONFLICT (practice_id, reference) DO NOTHING
        RETURNING true
        """,
        communication.practice_id,
        communication.reference,
        event_id,
        communication.patient_id,
        communication.topic,
        now,
    )
    return added is not None


async def find(tx: Connection, like: Communication) -> tuple[Communication, EventId] | None:
    """Return what was submitted under the same reference, with its event."""
    row = await tx.fetchrow(
        """
        SELECT event_id, patient_id, topic FROM communications
        WHERE practice_id = $1 AND reference = $2
        """,
        like.practice_id,
        like.reference,
    )
    if row is None:
        return None
    kept = Communication(
        practice_id=like.practice_id,
        patient_id=PatientId(row["patient_id"]),
        topic=Topic(row["topic"]),
        reference=like.reference,
    )
    return kept, EventId(row["event_id"])
