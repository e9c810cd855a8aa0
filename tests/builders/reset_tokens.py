"""Patients of practices as recovery knows them, and the tokens they are given (RC-5)."""

from dataclasses import dataclass, replace
from typing import Any

import msgspec

from services.recovery.practice_tokens.issuing import IssuedResetToken
from services.recovery.practice_tokens.model import HandedOver
from shared.acts import By
from shared.audit.entries import Origin
from shared.contracts.identity import AccountChanged, Enrolment, EnrolmentState
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.randomness import Randomness
from tests.builders import events
from tests.builders.people import a_practice
from tests.rigs.recovery import Recovery, an_account

RANDOM = Randomness()


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A practice's record, and the account that it is enrolled with."""

    recovery: Recovery
    practice_id: PracticeId
    patient_id: PatientId
    account: AccountChanged

    @property
    def account_id(self) -> AccountId:
        return self.account.account_id

    @property
    def username(self) -> str:
        return self.account.username

    def by(self, staff: str = "nurse-7") -> By:
        """Who stands at the desk."""
        origin = Origin(
            actor=f"staff:{staff}@{self.practice_id}",
            source="192.0.2.7",
            correlation_id=RANDOM.uuid(),
            staff=staff,
            reason="asked at the desk",
        )
        return By(origin=origin, now=self.recovery.clock.now())

    async def is_given(
        self, handed_over: HandedOver = HandedOver.IN_PERSON, *, at: Recovery | None = None
    ) -> IssuedResetToken:
        """A token, at this replica or another."""
        issued: IssuedResetToken = await (
            at or self.recovery
        ).features.practice_tokens.issuing.issue(
            self.practice_id, self.patient_id, handed_over=handed_over, by=self.by(), key=None
        )
        return issued

    async def voids(self) -> None:
        await self.recovery.features.practice_tokens.issuing.void(
            self.practice_id, self.patient_id, by=self.by()
        )

    async def changed(self, **said: Any) -> "Patient":
        """The same after a change of her account, which recovery has heard of."""
        account = _but(self.account, **said)
        await self.recovery.knows(account)
        return replace(self, account=account)

    async def un_enrolled(self) -> "Patient":
        gone = events.enrolment(self.practice_id, self.patient_id, EnrolmentState.UNENROLLED)
        return await self.changed(enrolments=(gone,))

    async def beside(self, practice_id: PracticeId | None = None) -> "Patient":
        """Her record at a second practice, for the same account."""
        other = practice_id or a_practice()
        patient_id = PatientId(RANDOM.uuid())
        enrolments = (*self.account.enrolments, events.enrolment(other, patient_id))
        ours = await self.changed(enrolments=enrolments)
        await _known(self.recovery, other, patient_id, self.account_id)
        return replace(ours, practice_id=other, patient_id=patient_id)


async def a_patient(
    recovery: Recovery, practice_id: PracticeId | None = None, **said: Any
) -> Patient:
    """Somebody whose account is enrolled at a practice, with a username of her own."""
    practice_id, patient_id = practice_id or a_practice(), PatientId(RANDOM.uuid())
    name = f"hazel.{RANDOM.crockford(8).lower()}"
    usual = {"username": name, "email": f"{name}@mail.example"}
    account = _but(
        an_account(**{**usual, **said}), enrolments=(_enrolled(practice_id, patient_id),)
    )
    await _known(recovery, practice_id, patient_id, account.account_id)
    await recovery.knows(account)
    return Patient(
        recovery=recovery, practice_id=practice_id, patient_id=patient_id, account=account
    )


async def a_record(recovery: Recovery, practice_id: PracticeId) -> PatientId:
    """A record that has no account."""
    return await _known(recovery, practice_id, PatientId(RANDOM.uuid()), None)


async def _known(
    recovery: Recovery, practice_id: PracticeId, patient_id: PatientId, account_id: AccountId | None
) -> PatientId:
    await recovery.knows_practice(events.practice(practice_id))
    await recovery.knows_person(events.person(practice_id, patient_id, account_id))
    return patient_id


def _enrolled(practice_id: PracticeId, patient_id: PatientId) -> Enrolment:
    return events.enrolment(practice_id, patient_id)


def _but(account: AccountChanged, **said: Any) -> AccountChanged:
    changed: AccountChanged = msgspec.structs.replace(account, **said)
    return changed
