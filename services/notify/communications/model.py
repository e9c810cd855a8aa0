"""A practice communication as it is submitted."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.acts import By
from shared.contracts.ids import EventId, PatientId, PracticeId
from shared.contracts.notify import Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Communication:
    """The practice's side of a practice communication."""

    practice_id: PracticeId
    patient_id: PatientId
    topic: Topic
    reference: str

    @property
    def key(self) -> tuple[PracticeId, str]:
        """What makes it one, however often it is sent."""
        return self.practice_id, self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """It as somebody submits it, with the id that it has if it is new."""

    communication: Communication
    event_id: EventId
    by: By


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What was submitted under a reference before."""

    communication: Communication
    event_id: EventId


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of a submission; `new` is False where the same came before."""

    event_id: EventId
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """It while it waits for the ledger."""

    event_id: EventId
    communication: Communication
    submitted_at: datetime
    correlation_id: UUID
    attempts: int = 0  # tries that came before what it waits for
