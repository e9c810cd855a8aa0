"""What a practice hands out to let a patient in, and how long it lives (EN-1, EN-2, EN-3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.identity.enrolment.errors import (
    InvitationInvalid,
    TemporaryCredentialInvalid,
    TokenInvalid,
    WrongInvitee,
    WrongPerson,
    WrongTemporaryPassword,
)
from shared.contracts.ids import PatientId
from shared.contracts.practice_settings import PracticeSettings
from shared.contracts.sealed import SealPurpose
from shared.errors import Invalid
from shared.one_time import Purpose


class HandedOver(StrEnum):
    """How a token reached the patient; the safer the way, the shorter it need not be (EN-1)."""

    IN_PERSON = "in-person"
    POST = "post"
    EMAIL = "e-mail"


class Try(StrEnum):
    """What is counted against what a practice handed out (EN-1)."""

    WRONG_PERSON = "wrong-person"
    NAME_TAKEN = "username-taken"
    """Its person is proven then, so nothing is guessed at; but it must not list who is here."""


TRIES: Mapping[str, int] = {Try.WRONG_PERSON: 5, Try.NAME_TAKEN: 10}
KEPT = timedelta(days=90)  # a practice may still ask what became of it
ENROLMENT_TOKEN = Purpose(
    name="enrolment-token",
    longest=timedelta(days=30),
    symbols=16,  # 80 bits: nobody guesses one
    tries=TRIES,
    kept=KEPT,
)
INVITATION = Purpose(
    name=SealPurpose.INVITATION, longest=timedelta(days=14), tries=TRIES, kept=KEPT
)
TEMPORARY_USERNAME = Purpose(
    name="temporary-username",
    longest=timedelta(days=7),
    symbols=12,  # no secret: so many that no two are ever alike
    tries=TRIES,
    kept=KEPT,
)
TEMPORARY_PASSWORD = Purpose(
    name="temporary-password",
    longest=timedelta(days=7),
    symbols=16,  # 80 bits: nobody guesses one
    kept=KEPT,
)
"""Its owner is its username's id; whether both are still good, that one says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way in that a practice gives: a secret, and how it refuses who does not get in by it."""

    purpose: Purpose
    refused: type[Invalid]  # whatever the cause
    unproven: type[Invalid]  # a live one by somebody else: told alike, and counted


TOKEN = Way(purpose=ENROLMENT_TOKEN, refused=TokenInvalid, unproven=WrongPerson)
INVITED = Way(purpose=INVITATION, refused=InvitationInvalid, unproven=WrongInvitee)
TEMPORARY = Way(
    purpose=TEMPORARY_USERNAME,
    refused=TemporaryCredentialInvalid,
    unproven=WrongTemporaryPassword,
)
WAYS: Mapping[str, Way] = {way.purpose.name: way for way in (TOKEN, INVITED, TEMPORARY)}


class HandedOutKind(StrEnum):
    """What a practice hands out, as it is told of it."""

    TOKEN = "token"  # noqa: S105 - a kind, not a token
    INVITATION = "invitation"
    TEMPORARY = "temporary-credentials"

    @property
    def way(self) -> Way:
        """The way in that it is."""
        return {self.TOKEN: TOKEN, self.INVITATION: INVITED, self.TEMPORARY: TEMPORARY}[self]

    @classmethod
    def of(cls, purpose: str) -> "HandedOutKind":
        """The kind of a way in's secret, by its purpose."""
        return next(kind for kind in cls if kind.way.purpose.name == purpose)


class HandedOutState(StrEnum):
    """What became of it."""

    LIVE = "live"
    USED = "used"
    SUPERSEDED = "superseded"
    VOID = "void"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOut:
    """A token, an invitation or a temporary pair as its practice lists it: never the secret."""

    id: UUID
    kind: HandedOutKind
    patient_id: PatientId
    handed_over: HandedOver | None
    staff_id: str | None  # None: of a release that kept it in the audit alone
    issued_at: datetime
    expires_at: datetime
    state: HandedOutState
    ended_at: datetime | None


def token_life(handed_over: HandedOver, settings: PracticeSettings) -> timedelta:
    """How long a token lives, by how it was handed over."""
    match handed_over:
        case HandedOver.IN_PERSON:
            return timedelta(hours=settings.token_hours_in_person)
        case HandedOver.POST:
            return timedelta(days=settings.token_days_post)
        case HandedOver.EMAIL:
            return timedelta(hours=settings.token_hours_email)
