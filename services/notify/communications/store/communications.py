"""What practices submitted: the sender's own id makes it idempotent (NT-9)."""

from collections.abc import Collection, Mapping, Sequence

from services.notify.communications.model import Communication, Kept, Submission
from shared.contracts.ids import EventId, PatientId, PracticeId
from shared.contracts.notify import Topic
from shared.db import Connection, Row


async def add(tx: Connection, submissions: Sequence[Submission]) -> Collection[EventId]:
    """Keep them until the ledger has them, and return the ids of those that are kept. Of the others
    the practice used the reference before, also in a race.

    They are inserted in the order of their keys in every replica: or two of them deadlock. Of
    several under one reference the first is.
    """
    rows = await tx.fetch(
        """
        INSERT INTO communications
            (practice_id, reference, event_id, patient_id, topic, submitted_at, due_at,
             correlation_id)
        SELECT practice_id, reference, event_id, patient_id, topic, submitted_at, submitted_at,
            correlation_id
        FROM unnest(
            $1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::timestamptz[],
            $7::uuid[]
        ) WITH ORDINALITY AS submitted (
            practice_id, reference, event_id, patient_id, topic, submitted_at, correlation_id, place
        )
        ORDER BY practice_id, reference COLLATE "C", place
        ON CONFLICT (practice_id, reference) DO NOTHING
        RETURNING event_id
        """,
        [each.communication.practice_id for each in submissions],
        [each.communication.reference for each in submissions],
        [each.event_id for each in submissions],
        [each.communication.patient_id for each in submissions],
        [each.communication.topic for each in submissions],
        [each.by.now for each in submissions],
        [each.by.origin.correlation_id for each in submissions],
    )
    return {EventId(row["event_id"]) for row in rows}


async def find(
    tx: Connection, like: Sequence[Communication]
) -> Mapping[tuple[PracticeId, str], Kept]:
    """Return what was submitted under the same references, by practice and reference."""
    if not like:
        return {}
    rows = await tx.fetch(
        """
        SELECT practice_id, reference, event_id, patient_id, topic
        FROM communications
        JOIN unnest($1::uuid[], $2::text[]) AS submitted (practice_id, reference)
            USING (practice_id, reference)
        """,
        [each.practice_id for each in like],
        [each.reference for each in like],
    )
    found = [
        Kept(
            communication=communication(row),
            event_id=EventId(row["event_id"]),
        )
        for row in rows
    ]
    return {each.communication.key: each for each in found}


def communication(row: Row) -> Communication:
    return Communication(
        practice_id=PracticeId(row["practice_id"]),
        patient_id=PatientId(row["patient_id"]),
        topic=Topic(row["topic"]),
        reference=row["reference"],
    )
