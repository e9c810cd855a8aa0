"""Whom notify writes to: holders of accounts, and patients of a practice."""

from dataclasses import dataclass
from typing import Any

from services.notify.communications.model import Communication
from shared.contracts.identity import Enrolment, EnrolmentState
from shared.contracts.ids import AccountId, EventId, PatientId, PracticeId
from shared.contracts.notify import Topic
from tests.builders import events
from tests.builders.communications import communication
from tests.rigs.notify import Office


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """Somebody with an account, enrolled at a practice."""

    office: Office
    practice_id: PracticeId
    patient_id: PatientId
    account_id: AccountId

    def enrolment(self, state: EnrolmentState = EnrolmentState.ENROLLED) -> Enrolment:
        return events.enrolment(self.practice_id, self.patient_id, state)

    async def is_written_to(self, reference: str = "1", **told: Any) -> EventId:
        """Her practice has something for her."""
        data = communication(self.practice_id, self.patient_id, reference=reference)
        return await self.office.file_communication(data, **told)

    async def is_submitted(
        self,
        reference: str = "1",
        *,
        topic: Topic = Topic.MESSAGE,
        practice_id: PracticeId | None = None,
    ) -> EventId:
        """Her practice hands in something for her; or another that says she is its own."""
        made = Communication(
            practice_id=practice_id or self.practice_id,
            patient_id=self.patient_id,
            topic=topic,
            reference=reference,
        )
        submissions = self.office.features.communications.submissions
        return await submissions.submit(made, by=self.office.plumbing.operator())

    async def changes(
        self,
        version: int,
        state: EnrolmentState = EnrolmentState.ENROLLED,
        *,
        account_id: AccountId | None = None,
        email: str | None = events.ADDRESS,
    ) -> None:
        """Her account's snapshot comes; or another's, where her record is now."""
        account = events.account(account_id or self.account_id, self.enrolment(state), email=email)
        await self.office.know(account, version=version)

    async def mails(self) -> list[str]:
        """What she can read of what was sent to her, by its template."""
        found = await self.office.features.ledger.reading.of_account(self.account_id)
        return [entry.template for entry in found]

    async def notices(self) -> list[str]:
        """What waits for her in the portal, by its template."""
        found = await self.office.features.notices.notices.undismissed(self.account_id)
        return [notice.template for notice, _ in found]


async def a_patient(office: Office, *, email: str | None = events.ADDRESS) -> Patient:
    """Have notify know a practice and somebody enrolled there."""
    patient = Patient(
        office=office,
        practice_id=PracticeId(events.RANDOMNESS.uuid()),
        patient_id=PatientId(events.RANDOMNESS.uuid()),
        account_id=events.new_account(),
    )
    await office.know_practice(events.practice(patient.practice_id))
    await patient.changes(1, email=email)
    return patient


async def file_locks(office: Office, count: int = 1) -> None:
    """So many accounts are locked, each with an address."""
    for _ in range(count):
        await office.file(events.locked(events.new_account(), events.ADDRESS))


async def file_communications(
    office: Office, count: int = 1, *, email: str = events.ADDRESS
) -> None:
    """A practice has so many things for one patient."""
    patient = await a_patient(office, email=email)
    for number in range(count):
        await patient.is_written_to(str(number))
