"""Enrolment tokens and how long they live (EN-1)."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

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
