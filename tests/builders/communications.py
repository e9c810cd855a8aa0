"""Practice communications: a test states only what matters to it."""

from datetime import datetime

from services.notify.communications.model import Communication, Submitted
from shared.contracts.ids import EventId, PatientId, PracticeId
from shared.contracts.notify import Topic
from tests.builders.events import RANDOMNESS
from tests.support.clock import START


def communication(
    practice_id: PracticeId,
    patient_id: PatientId,
    *,
    topic: Topic = Topic.MESSAGE,
    reference: str = "1",
) -> Communication:
    return Communication(
        practice_id=practice_id, patient_id=patient_id, topic=topic, reference=reference
    )


def submitted(
    one: Communication,
    *,
    event_id: EventId | None = None,
    at: datetime = START,
    attempts: int = 0,
) -> Submitted:
    return Submitted(
        event_id=event_id or EventId(RANDOMNESS.uuid()),
        communication=one,
        submitted_at=at,
        correlation_id=RANDOMNESS.uuid(),
        attempts=attempts,
    )
