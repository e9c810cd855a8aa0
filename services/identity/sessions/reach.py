"""What stands between a session and the portal, and so what it may do and see. Pure.

Gates (LG-3), scope (SE-4, UN-4), and the areas of each practice (SE-4, DISC-1).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.contracts.identity import EnrolmentState, TwoStepMode
from shared.contracts.ids import PatientId, PracticeId
from shared.contracts.reach import QUESTIONS_GATE, SessionScope


class GateName(StrEnum):
    # in the order that they are to be taken in (LG-3)
    SECOND_STEP = "second-step"
    NEW_PASSWORD = "new-password"  # noqa: S105 - a gate, not a password
    TERMS = "terms"
    QUESTIONS = QUESTIONS_GATE
    ACCOUNT_EMAIL = "account-email"
    TWO_STEP = "two-step"
    PASSKEYS = "passkeys"
    DISCLAIMERS = "disclaimers"


OFFERS = frozenset({GateName.ACCOUNT_EMAIL, GateName.TWO_STEP, GateName.PASSKEYS})
"""What may be declined, where it is no more than offered; a disclaimer is answered, and what is
required is done.
"""


class Means(StrEnum):
    """What an account can take the second step by, in the order it is offered."""

    APP = "app"
    PASSKEY = "passkey"
    RECOVERY_CODE = "recovery-code"


class Answer(StrEnum):
    """What a session says to a practice's disclaimer; `unanswered` is off like `declined`."""

    UNANSWERED = "unanswered"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class Area(StrEnum):
    """What a practice shows a patient, as other systems keep it."""

    RECORDS = "records"
    MEDICATIONS = "medications"
    MESSAGES = "messages"
    APPOINTMENTS = "appointments"
    STATEMENTS = "statements"


class AreaState(StrEnum):
    """Open, or why not."""

    OPEN = "open"
    UNENROLLED = "un-enrolled"
    GATE = "gate"
    DISCLAIMER_DECLINED = "disclaimer-declined"
    DISCLAIMER_UNANSWERED = "disclaimer-unanswered"


DISCLAIMED = frozenset({Area.RECORDS, Area.MEDICATIONS})
DISCLAIMED_IS: Mapping[Answer | None, AreaState] = {
    Answer.DECLINED: AreaState.DISCLAIMER_DECLINED,
    Answer.UNANSWERED: AreaState.DISCLAIMER_UNANSWERED,
}
"""What a practice's disclaimer makes of those; accepted, or with none, they are open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedStep:
    """How the second step can be taken, where it is asked for (MF-3)."""

    mode: TwoStepMode
    means: tuple[Means, ...]

    @property
    def trust_offered(self) -> bool:
        """Whether the device can be spared the next codes (MF-2)."""
        return self.mode is TwoStepMode.NEW_DEVICES


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A step between the password and the portal; a required one must be taken first (LG-3)."""

    name: GateName
    required: bool
    step: AskedStep | None = None  # of the second step


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What an account has and a session was told, as both are now."""

    account_version: int
    enrolled: bool  # at one practice at least
    second_step_due: bool
    new_password_due: bool
    terms_due: bool
    questions_due: bool  # none are set, and no practice has turned them off (RC-8, ST-2)
    email_verified: bool
    email_required: bool  # RC-6 was used, and no practice waives the e-mail
    two_step_offered: bool  # neither taken up nor declined yet
    passkeys_to_keep: bool  # suspended by a reset, in a session that a password began
    disclaimers_due: bool
    skipped: frozenset[str]
    step: AskedStep | None = None  # where the second step is due


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPractice:
    """A practice's patient record, as a session sees it; no answer: nothing is asked."""

    practice_id: PracticeId
    name: str
    patient_id: PatientId
    state: EnrolmentState
    answer: Answer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """All that a session may see: its gates, and each practice in the order of names."""

    standing: Standing
    practices: tuple[SeenPractice, ...]


def gates(at: Standing) -> tuple[Gate, ...]:
    """The open gates, in the order of `GateName`. An offer that was declined is none.

    Without a practice there are none but those of who somebody is and what she agrees to (UN-4).
    """
    no_email = at.enrolled and not at.email_verified
    required = {
        GateName.SECOND_STEP: at.second_step_due,
        GateName.NEW_PASSWORD: at.enrolled and at.new_password_due,
        GateName.TERMS: at.terms_due,
        GateName.QUESTIONS: at.enrolled and at.questions_due,
        GateName.ACCOUNT_EMAIL: no_email and at.email_required,
    }
    offered = {
        GateName.ACCOUNT_EMAIL: no_email,
        GateName.TWO_STEP: at.enrolled and at.two_step_offered,
        GateName.PASSKEYS: at.enrolled and at.passkeys_to_keep,
        GateName.DISCLAIMERS: at.enrolled and at.disclaimers_due,
    }
    return tuple(
        Gate(
            name=name,
            required=required.get(name, False),
            step=at.step if name is GateName.SECOND_STEP else None,
        )
        for name in GateName
        if required.get(name) or (offered.get(name) and name not in at.skipped)
    )


def next_required(at: Standing) -> GateName | None:
    """The gate that a session stands at, whose own verbs it has (LG-3)."""
    return next((gate.name for gate in gates(at) if gate.required), None)


def scope(at: Standing) -> SessionScope:
    """What the session may do: its gates come first, then whether a practice is left."""
    if next_required(at) is not None:
        return SessionScope.GATES
    return SessionScope.FULL if at.enrolled else SessionScope.SETTINGS


def areas(practice: SeenPractice, at: Standing) -> Mapping[Area, AreaState]:
    """Each area of a practice: open, or the first reason why not."""
    if practice.state is not EnrolmentState.ENROLLED:
        return dict.fromkeys(Area, AreaState.UNENROLLED)
    if scope(at) is SessionScope.GATES:
        return dict.fromkeys(Area, AreaState.GATE)
    disclaimed = DISCLAIMED_IS.get(practice.answer, AreaState.OPEN)
    return {area: disclaimed if area in DISCLAIMED else AreaState.OPEN for area in Area}
