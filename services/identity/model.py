"""Identity's records: practices, patient records, tokens, accounts and their addresses."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from shared.contracts.identity import AccountState, Enrolment, EnrolmentState
from shared.contracts.ids import AccountId, PatientId, PracticeId

RESET_LINK_MINUTES = range(15, 1441)  # RC-3: 15 min to 24 h
PRACTICE_SCOPES = frozenset(
    {
        "accounts:unlock",
        "communications:write",
        "deliveries:read",
        "enrolments:write",
        "merges:read",
        "patients:write",
        "settings:read",
        "settings:write",
        "tokens:write",
    }
)
GATEWAY_SCOPES = frozenset({"introspect"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    id: PracticeId
    version: int
    name: str
    contact: str
    locale: str
    time_zone: str
    reset_link_minutes: int

    def today(self, now: datetime) -> date:
        """The date that it is there: dates of birth and of a person's age are of the practice."""
        return now.astimezone(ZoneInfo(self.time_zone)).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A practice's or, without one, a gateway's."""

    id: str
    practice_id: PracticeId | None
    name: str
    scopes: frozenset[str]
    secret_digest: bytes
    former_digest: bytes | None = None  # of the secret before, for an overlap
    former_until: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    id: PatientId
    practice_id: PracticeId
    version: int
    number: str | None
    last_name: str
    first_name: str
    birth_date: date
    home_phone: str | None
    address: str | None
    email: str | None
    account_id: AccountId | None


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
class Account:
    id: AccountId
    state: AccountState
    version: int
    security_version: int
    username: str
    locale: str
    time_zone: str
    created_at: datetime
    last_log_on_at: datetime | None


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
    version: int
    security_version: int
    password_hash: str
    history_salt: bytes


class NameKind(StrEnum):
    USERNAME = "username"
    EMAIL = "email"
    RESERVED = "reserved"
    MERGED = "merged"


class EmailState(StrEnum):
    CLAIMED = "claimed"
    VERIFIED = "verified"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAddress:
    """A row of an account's addresses, with the key it is compared by."""

    account_id: AccountId
    state: EmailState
    address: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEmail:
    address: str
    state: EmailState


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEnrolment:
    """A practice's patient record that belongs to an account."""

    practice_id: PracticeId
    practice_name: str
    patient_id: PatientId
    state: EnrolmentState


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientEnrolment:
    """Whose a patient record is; one that was un-enrolled stays her account's."""

    account_id: AccountId
    state: EnrolmentState


class RecoveryRoute(StrEnum):
    """How a forgotten username or password can be had back (EN-7)."""

    EMAIL_LINK = "email-link"  #: RC-3, once the address is verified
    PRACTICE = "practice"  #: by asking the practice


def recovery_routes(*, email: bool) -> tuple[RecoveryRoute, ...]:
    """The ways back in of an account with or without an e-mail."""
    if email:
        return (RecoveryRoute.EMAIL_LINK, RecoveryRoute.PRACTICE)
    return (RecoveryRoute.PRACTICE,)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """An account with what belongs to it; the verified address stands before a claimed one."""

    account: Account
    emails: tuple[AccountEmail, ...]
    enrolments: tuple[AccountEnrolment, ...]

    @property
    def verified_email(self) -> str | None:
        """The account e-mail: the one address that account activity is mailed to (NT-1)."""
        return next((e.address for e in self.emails if e.state is EmailState.VERIFIED), None)

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


class VerificationState(StrEnum):
    LIVE = "live"
    USED = "used"
    SUPERSEDED = "superseded"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendLimits:
    """ID-6: how many verification mails an account may have sent, and an address may get."""

    an_hour: int = 5
    a_day: int = 10

    @property
    def windows(self) -> tuple[tuple[int, timedelta], ...]:
        """Each limit with the time it is of, the longest first: its wait is the one to be told."""
        return ((self.a_day, timedelta(days=1)), (self.an_hour, timedelta(hours=1)))


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
