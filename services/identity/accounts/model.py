"""Accounts with their names, addresses and enrolments."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from shared.contracts.identity import AccountState, Enrolment, EnrolmentState
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.contracts.sealed import SealPurpose
from shared.one_time import Purpose

NOT_ME_LIFE = timedelta(hours=72)
BIRTH_DATE = "birth-date"
NOT_ME = Purpose(
    name=SealPurpose.NOT_ME,
    longest=NOT_ME_LIFE,
    tries={BIRTH_DATE: 3},
    several=True,
)
"""RC-9: one for each mail about credentials. A later change, which somebody else may bring about,
ends no earlier one's; a freeze ends all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    id: AccountId
    state: AccountState
    version: int
    security_version: int
    username: str
    locale: str
    time_zone: str
    email_waived: bool  # a practice says that she has none: RC-6 requires none of her
    reset_by_practice: bool  # since a freeze nothing but RC-5 sets a password (RC-9)
    questions_set: bool  # recovery has five security questions of it (RC-8)
    frozen_in: int  # the version that froze it last: questions of before are void (RC-9)
    reopened: UUID | None  # the closing of RC-4 that a full log-on has ended last
    validated_at: datetime | None  # when RC-6 was used; it is once in its life


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """An account as enrolment makes it; version and security version are 1."""

    id: AccountId
    username: str
    password_hash: str
    history_salt: bytes
    locale: str
    time_zone: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What log-on and reset compare with; never leaves the service."""

    account_id: AccountId
    state: AccountState
    security_version: int
    password_hash: str | None  # void since a freeze (RC-9)
    history_salt: bytes
    opens: bool  # no, by a reserved name: whatever the password, it proves nothing (ID-2)


class NameKind(StrEnum):
    USERNAME = "username"
    EMAIL = "email"
    RESERVED = "reserved"
    MERGED = "merged"


class EmailState(StrEnum):
    CLAIMED = "claimed"
    VERIFIED = "verified"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEmail:
    address: str
    state: EmailState


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEnrolment:
    """A practice's patient record that belongs to an account."""

    practice_id: PracticeId
    practice_name: str
    practice_contact: str
    patient_id: PatientId
    state: EnrolmentState
    asks_questions: bool  # the practice has not turned security questions off (ST-2)
    can_validate: bool  # its record has the phone and address that are asked for (RC-6)


class ToSetUp(StrEnum):
    """What is offered to every account, and this one does not have yet (ID-8)."""

    ACCOUNT_EMAIL = "account-email"
    QUESTIONS = "questions"  #: unless a practice has turned them off


class RecoveryRoute(StrEnum):
    """How a forgotten username or password can be had back (EN-7)."""

    EMAIL_LINK = "email-link"  #: RC-3, once the address is verified
    QUESTIONS = "questions"  #: RC-4, once five are set
    VALIDATION = "validation"  #: RC-6, once, with neither of the two and a record that can
    PRACTICE = "practice"  #: by asking the practice


def recovery_routes(
    *, email: bool, questions: bool = False, validation: bool
) -> tuple[RecoveryRoute, ...]:
    """The ways back in of an account with or without an e-mail, questions and its validation."""
    has = {
        RecoveryRoute.EMAIL_LINK: email,
        RecoveryRoute.QUESTIONS: questions,
        RecoveryRoute.VALIDATION: validation,
    }
    return tuple(route for route in RecoveryRoute if has.get(route, True))


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """An account with what belongs to it; the verified address stands before a claimed one."""

    account: Account
    emails: tuple[AccountEmail, ...]
    enrolments: tuple[AccountEnrolment, ...]
    reserved: tuple[str, ...]  # names that were given up and are kept for it, as keys (ID-2)
    terms_version: str | None  # of the terms that were accepted last (EN-9)

    @property
    def verified_email(self) -> str | None:
        """The account e-mail: the one address that account activity is mailed to (NT-1)."""
        return next((e.address for e in self.emails if e.state is EmailState.VERIFIED), None)

    @property
    def claimed_email(self) -> str | None:
        """An address that waits for its link to be used (ID-6)."""
        return next((e.address for e in self.emails if e.state is EmailState.CLAIMED), None)

    @property
    def to_set_up(self) -> tuple[ToSetUp, ...]:
        """What the settings page offers first."""
        lacks = {
            ToSetUp.ACCOUNT_EMAIL: self.verified_email is None,
            ToSetUp.QUESTIONS: self.questions_asked and not self.account.questions_set,
        }
        return tuple(each for each in ToSetUp if lacks[each])

    @property
    def questions_asked(self) -> bool:
        """Whether it is to have security questions: where it is enrolled at all (UN-4)."""
        return self.is_enrolled and self.questions_open

    @property
    def questions_open(self) -> bool:
        """Whether it can be opened by them: no practice where it is enrolled has turned them off
        (ST-2). Recovery goes by the same.
        """
        return all(
            each.asks_questions for each in self.enrolments if each.state is EnrolmentState.ENROLLED
        )

    @property
    def only_by_practice(self) -> bool:
        """Whether nothing but its practice's token sets a password: since a freeze (RC-9), and
        after a validation until an account e-mail is verified or waived (RC-7).
        """
        has_email = self.verified_email is not None or self.account.email_waived
        validated = self.account.validated_at is not None
        return self.account.reset_by_practice or (validated and self.is_enrolled and not has_email)

    @property
    def is_enrolled(self) -> bool:
        """Whether it is, at one practice at least."""
        return any(each.state is EnrolmentState.ENROLLED for each in self.enrolments)

    @property
    def recovery_routes(self) -> tuple[RecoveryRoute, ...]:
        """Its ways back in; after a validation there is none but the practice's until an account
        e-mail and the five questions are there (RC-7).
        """
        email, questions_set = self.verified_email is not None, self.account.questions_set
        validated = self.account.validated_at is not None
        if self.only_by_practice or (validated and self.questions_asked and not questions_set):
            return (RecoveryRoute.PRACTICE,)
        can_validate = any(each.can_validate for each in self.enrolments)
        return recovery_routes(
            email=email,
            questions=questions_set and self.questions_open,
            validation=can_validate and not (email or questions_set or validated),
        )

    @property
    def recipients(self) -> tuple[str, ...]:
        """Who is mailed account activity: nobody, where there is no account e-mail."""
        return (self.verified_email,) if self.verified_email else ()

    @property
    def told_enrolments(self) -> tuple[Enrolment, ...]:
        """Its enrolments as other services are told of them."""
        return tuple(
            Enrolment(practice_id=e.practice_id, patient_id=e.patient_id, state=e.state)
            for e in self.enrolments
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldAccount:
    """An account that was proven, and is held until commit."""

    account_id: AccountId
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Absorbed:
    """An account that was merged into another: it logs nobody on, but its holder may be told."""

    account_id: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedLogOn:
    """What a full log-on follows on."""

    last: datetime | None  # the one before; None: it is the first
    reopens: bool  # it ends a closing of recovery's, and is told (RC-4)
    failures: int  # before log-ons that were left waiting, and in them, since that one (SE-2)
