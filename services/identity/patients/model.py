"""Patient records, and whose they are."""

from dataclasses import dataclass
from datetime import date, datetime

from shared.contracts.identity import EnrolmentState
from shared.contracts.ids import AccountId, PatientId, PracticeId


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

    @property
    def can_validate(self) -> bool:
        """Whether it has what a validation asks for (RC-6)."""
        return self.home_phone is not None and self.address is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientName:
    """What a record is found by."""

    patient_id: PatientId
    practice_id: PracticeId
    last_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPatient:
    """A record as its practice's search lists it."""

    patient_id: PatientId
    number: str | None
    last_name: str
    first_name: str
    birth_date: date
    enrolled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DormantPatient:
    """An enrolled one whose account nobody has logged on to for long."""

    patient_id: PatientId
    number: str | None
    last_name: str
    first_name: str
    enrolled_at: datetime
    last_log_on_at: datetime | None  # None: never


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientEnrolment:
    """Whose a patient record is; one that was un-enrolled stays her account's."""

    account_id: AccountId
    state: EnrolmentState
