"""Patient records of a practice, told to recovery and merge so that they can match people."""

from dataclasses import dataclass
from datetime import date, datetime

from services.identity.patients.errors import (
    BirthDateInFuture,
    NameIncomparable,
    PatientNumberTaken,
)
from services.identity.patients.model import Patient
from services.identity.patients.store import patients as store
from services.identity.practices.store import practices
from shared.audit import Origin
from shared.contracts.identity import PERSON_CHANGED, PersonChanged
from shared.contracts.ids import PatientId, PracticeId
from shared.contracts.matching import name_forms
from shared.db import Connection
from shared.errors import NotFound
from shared.http.idempotency import IdempotencyKey, IdempotencyKeys
from shared.http.routes import Reply
from shared.messaging.outbox import Outbox
from shared.randomness import Randomness
from shared.transactions import Transactions


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
    transactions: Transactions
    outbox: Outbox
    randomness: Randomness
    idempotency: IdempotencyKeys

    async def register(
        self,
        practice_id: PracticeId,
        details: PatientDetails,
        *,
        origin: Origin,
        key: IdempotencyKey | None,
        now: datetime,
    ) -> Registered:
        """Add a record to the practice; its person number, where given, names one record only.

        A last name of which nothing is left to compare would refuse its own holder (EN-1).
        """
        if not name_forms(details.last_name):
            raise NameIncomparable.in_field("last_name", "no letter and no digit")
        patient = Patient(
            id=PatientId(self.randomness.uuid()),
            practice_id=practice_id,
            version=1,
            number=details.number,
            last_name=details.last_name,
            first_name=details.first_name,
            birth_date=details.birth_date,
            home_phone=details.home_phone,
            address=details.address,
            email=details.email,
            account_id=None,
        )
        action, practice = "patient.register", str(practice_id)
        async with self.transactions.audited(origin, action, practice=practice) as tx:

            async def work() -> Registered:
                await self._require_born(tx, practice_id, details.birth_date, now)
                if not await store.add(tx, patient, now=now):
                    raise PatientNumberTaken.in_field("number", "another record's")
                await self.announce(tx, patient, origin)
                await self.transactions.audit.record(
                    tx,
                    origin,
                    action=action,
                    outcome="done",
                    subject=f"patient:{patient.id}",
                    practice=practice,
                )
                return Registered(patient_id=patient.id)

            return await self.idempotency.once(tx, key, Registered, work)

    async def _require_born(
        self, tx: Connection, practice_id: PracticeId, birth_date: date, now: datetime
    ) -> None:
        """Today is a date of the practice's: a child is born there when it is tomorrow in UTC."""
        practice = await practices.find(tx, practice_id)
        if practice is None:
            raise NotFound
        if birth_date > practice.today(now):
            raise BirthDateInFuture.in_field("birth_date", "after today")

    async def announce(self, tx: Connection, patient: Patient, origin: Origin) -> None:
        """Write the record's snapshot into the outbox of the transaction that changed it."""
        await self.outbox.add(
            tx,
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
            origin=origin,
            version=patient.version,
        )
