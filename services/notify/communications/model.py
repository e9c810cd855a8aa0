"""A practice communication as it is submitted."""

from dataclasses import dataclass

from shared.contracts.ids import PatientId, PracticeId
from shared.contracts.notify import Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Communication:
    """The practice's side of a practice communication."""

    practice_id: PracticeId
    patient_id: PatientId
    topic: Topic
    reference: str
