"""Enrolment tokens and how long they live (EN-1)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from shared.contracts.ids import PatientId


class HandedOver(StrEnum):
    """How a token reached the patient; the safer the way, the shorter it need not be (EN-1)."""

    IN_PERSON = "in-person"
    POST = "post"
    EMAIL = "e-mail"


TOKEN_TRIES = 5
TOKEN_NAMES_TAKEN = 10  # EN-1: how often a token tells that a username is taken


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentToken:
    """Just made: `digest` is all that is kept of the secret."""

    id: UUID
    patient_id: PatientId
    digest: bytes
    handed_over: HandedOver
    issued_by: str
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLives:
    """EN-1: how long an enrolment token lives, by how it was handed over."""

    in_person: timedelta = timedelta(hours=72)
    post: timedelta = timedelta(days=21)
    email: timedelta = timedelta(hours=24)

    def of(self, handed_over: HandedOver) -> timedelta:
        match handed_over:
            case HandedOver.IN_PERSON:
                return self.in_person
            case HandedOver.POST:
                return self.post
            case HandedOver.EMAIL:
                return self.email
