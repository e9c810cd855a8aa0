"""What a practice hands out to let a patient in, and how long it lives (EN-1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from services.identity.enrolment.errors import TokenInvalid, WrongPerson
from shared.contracts.practice_settings import PracticeSettings
from shared.errors import Invalid
from shared.one_time import Purpose


class HandedOver(StrEnum):
    """How a token reached the patient; the safer the way, the shorter it need not be (EN-1)."""

    IN_PERSON = "in-person"
    POST = "post"
    EMAIL = "e-mail"


class Try(StrEnum):
    """What is counted against a token (EN-1)."""

    WRONG_PERSON = "wrong-person"
    NAME_TAKEN = "username-taken"
    """Its person is proven then, so nothing is guessed at; but it must not list who is here."""


ENROLMENT_TOKEN = Purpose(
    name="enrolment-token",
    longest=timedelta(days=30),
    symbols=16,  # 80 bits: nobody guesses one
    tries={Try.WRONG_PERSON: 5, Try.NAME_TAKEN: 10},
    kept=timedelta(days=90),  # a practice may still ask what became of it
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way in that a practice gives: a secret, and how it refuses who does not get in by it."""

    purpose: Purpose
    refused: type[Invalid]  # whatever the cause
    unproven: type[Invalid]  # a live one by somebody else: told alike, and counted


TOKEN = Way(purpose=ENROLMENT_TOKEN, refused=TokenInvalid, unproven=WrongPerson)
WAYS: Mapping[str, Way] = {way.purpose.name: way for way in (TOKEN,)}


def token_life(handed_over: HandedOver, settings: PracticeSettings) -> timedelta:
    """How long a token lives, by how it was handed over."""
    match handed_over:
        case HandedOver.IN_PERSON:
            return timedelta(hours=settings.token_hours_in_person)
        case HandedOver.POST:
            return timedelta(days=settings.token_days_post)
        case HandedOver.EMAIL:
            return timedelta(hours=settings.token_hours_email)
