"""Patient records of a practice, told to recovery and merge so that they can match people."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

from services.identity.actions import Action
from services.identity.patients.errors import (
    BirthDateInFuture,
    NameIncomparable,
    PatientNumberTaken,
)
from services.identity.patients.model import Patient
from services.identity.patients.store import patients as store
from services.identity.practices.store import practices
from shared.acts import Act, Acts, By
from shared.contracts.identity import PERSON_CHANGED, PersonChanged
from shared.contracts.ids import PatientId, PracticeId
from shared.contracts.matching import name_forms
from shared.errors import Refused
from shared.http.routes import Reply
from shared.idempotency import IdempotencyKey
from shared.randomness import Randomness


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientDetails:
    """What a practice says about a person."""

    number: str | None
    last_name: str
    first_name: str
    birth_date: date
    home_phone: str | None
    address: str | None
    email: str | None


class Registered(Reply, frozen=True, kw_only=True):
    """Kept with its idempotency key, so it is the verb's own reply."""

    patient_id: PatientId


@dataclass(frozen=True, slots=True, kw_only=True)
class Patients:
    acts: Acts
    randomness: Randomness

    async def register(
        self,
        practice_id: PracticeId,
        details: PatientDetails,
        *,
        by: By,
        key: IdempotencyKey | None,
    ) -> Registered:
        """Add a record to the practice; its person number, where given, names one record only.

        A last name of which nothing is left to compare would refuse its own holder (EN-1).
        """
        require_comparable(details.last_name)
        patient = self.make(practice_id, details)
        async with self.acts.begin(by, Action.REGISTER_PATIENT, practice=practice_id) as act:
            if kept := await act.repeat(key, Registered):
                return kept
            await self.add(act, patient)
            act.about(patient=patient.id)
            return await act.keep(key, Registered(patient_id=patient.id))

    async def add(self, act: Act, patient: Patient) -> None:
        """Add what was made, and tell of it. Raises what `check` does, and PatientNumberTaken."""
        await self.check(act, patient)
        if not await store.add(act.tx, patient, now=act.now):
            raise PatientNumberTaken.in_field("number", "another record's")
        self.announce(act, patient)

    def make(self, practice_id: PracticeId, details: PatientDetails) -> Patient:
        """A record that is to be added: nobody's yet."""
        return Patient(
            id=PatientId(self.randomness.uuid()),
            practice_id=practice_id,
            version=1,
            account_id=None,
            **asdict(details),
        )

    async def wrong(
        self, act: Act, practice_id: PracticeId, patients: Sequence[Patient]
    ) -> Sequence[Refused | None]:
        """Why each of these cannot be a record; None: it can."""
        today = (await practices.find(act.tx, practice_id)).today(act.now)
        return [_wrong(patient, today) for patient in patients]

    async def check(self, act: Act, patient: Patient) -> None:
        """Raise what a record must not be, as it is registered and as it is corrected."""
        [refusal] = await self.wrong(act, patient.practice_id, [patient])
        if refusal is not None:
            raise refusal

    async def tell(self, act: Act, patient_ids: Sequence[PatientId]) -> None:
        """Tell these records' snapshots as they stand, once more."""
        for patient in await store.find_all(act.tx, patient_ids):
            self.announce(act, patient)

    def announce(self, act: Act, patient: Patient) -> None:
        """Tell the record's snapshot with the act that changed it."""
        act.publish(
            PERSON_CHANGED,
            PersonChanged(
                patient_id=patient.id,
                practice_id=patient.practice_id,
                account_id=patient.account_id,
                last_name=patient.last_name,
                first_name=patient.first_name,
                birth_date=patient.birth_date,
                home_phone=patient.home_phone,
                address=patient.address,
            ),
            subject=patient.id,
            version=patient.version,
        )


def require_comparable(last_name: str) -> None:
    """Raise NameIncomparable for a last name that would refuse its own holder (EN-1)."""
    if not name_forms(last_name):
        raise NameIncomparable.in_field("last_name", "no letter and no digit")


def require_born(birth_date: date, today: date) -> None:
    """Today is a date of the practice's: a child is born there when it is tomorrow in UTC."""
    if birth_date > today:
        raise BirthDateInFuture.in_field("birth_date", "after today")


def _wrong(patient: Patient, today: date) -> Refused | None:
    try:
        require_comparable(patient.last_name)
        require_born(patient.birth_date, today)
    except Refused as refusal:
        return refusal
    return None
