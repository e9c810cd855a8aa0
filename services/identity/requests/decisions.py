"""A practice sees who asks, and approves or rejects each once (EN-4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.identity.actions import Action
from services.identity.enrolment.errors import PatientEnrolled
from services.identity.enrolment.invitations import Invitations
from services.identity.patients.model import Patient
from services.identity.patients.patients import PatientDetails, Patients
from services.identity.patients.store import patients
from services.identity.practices.model import Practice
from services.identity.practices.store import practices
from services.identity.requests.errors import ContactUnknown, RequestNotPending
from services.identity.requests.model import (
    Asked,
    Contact,
    EnrolmentRequest,
    Person,
    RequestId,
    RequestState,
)
from services.identity.requests.store import contacts
from services.identity.requests.store import requests as store
from services.identity.requests.typed_addresses import TypedAddresses
from shared.acts import Act, Acts, By
from shared.contracts.identity import (
    ENROLMENT_REQUEST_APPROVED,
    ENROLMENT_REQUEST_REJECTED,
    EnrolmentRequestRejected,
)
from shared.contracts.ids import PatientId, PracticeId
from shared.errors import NotFound
from shared.http.routes import Reply

PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What a practice approves: for a record of its own, or for one that is registered now.

    A new record has the phone and the address of `contact`. The invitation goes to the address of
    `mail_to`; without one there is none, and the practice hands out a token.
    """

    patient_id: PatientId | None
    number: str | None
    contact: int
    mail_to: int | None


class Approved(Reply, frozen=True, kw_only=True):
    """Without `invitation_expires_at` nothing was mailed: issue a token for the record."""

    patient_id: PatientId
    invitation_expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    acts: Acts
    patients: Patients
    invitations: Invitations
    addresses: TypedAddresses

    async def list(
        self, practice_id: PracticeId, *, after: RequestId | None, by: By
    ) -> Sequence[EnrolmentRequest]:
        """A page of those that are pending, who waits longest first. It is on record (AU-1)."""
        async with self.acts.begin(by, Action.LIST_REQUESTS, practice=practice_id) as act:
            return await store.list_pending(
                act.tx, practice_id, after=after, limit=PAGE, now=by.now
            )

    async def read(self, practice_id: PracticeId, request_id: RequestId, *, by: By) -> Asked:
        """One with every address and phone that came with it, whatever became of it.

        That it was looked at is on record, as for a patient's.
        """
        async with self.acts.begin(
            by, Action.READ_REQUEST, request=request_id, practice=practice_id
        ) as act:
            request = await store.find(act.tx, practice_id, request_id, now=by.now)
            if request is None:
                raise NotFound
            return Asked(request=request, contacts=await contacts.read(act.tx, request_id))

    async def approve(
        self, practice_id: PracticeId, request_id: RequestId, approval: Approval, *, by: By
    ) -> Approved:
        """Decide it, find or make its record, and invite the person, all in one transaction.

        What is refused on the way, as a record that has an account, leaves the request pending.
        """
        if approval.mail_to is not None:
            await self.invitations.ready()
        async with self.acts.begin(
            by, Action.APPROVE_REQUEST, request=request_id, practice=practice_id
        ) as act:
            _, request = await self._end(act, practice_id, request_id, RequestState.APPROVED)
            said = await contacts.read(act.tx, request_id)
            mail_to = emailed(said, approval.mail_to)
            patient = await self._patient(act, practice_id, request.person, said, approval, mail_to)
            await store.match(act.tx, request_id, patient.id)
            act.detail = f"patient:{patient.id}"
            if mail_to is None:
                return Approved(patient_id=patient.id, invitation_expires_at=None)
            email, locale = mail_to
            expires_at = await self.invitations.invite_at(
                act, patient, email, locale=locale, event=ENROLMENT_REQUEST_APPROVED
            )
            return Approved(patient_id=patient.id, invitation_expires_at=expires_at)

    async def reject(self, practice_id: PracticeId, request_id: RequestId, *, by: By) -> None:
        """Decide it, and tell every address that asked. The reason stays with the practice."""
        async with self.acts.begin(
            by, Action.REJECT_REQUEST, request=request_id, practice=practice_id
        ) as act:
            practice, _ = await self._end(act, practice_id, request_id, RequestState.REJECTED)
            said = await contacts.read(act.tx, request_id)
            typed = {one.email: one.locale for one in reversed(said) if one.email is not None}
            for email, locale in (await self.addresses.mailable(act, typed)).items():
                act.publish(
                    ENROLMENT_REQUEST_REJECTED,
                    EnrolmentRequestRejected(
                        request_id=request_id,
                        recipients=(email,),
                        locale=locale,
                        time_zone=practice.time_zone,
                        occurred_at=act.now,
                        practice_name=practice.name,
                        practice_contact=practice.contact,
                    ),
                    subject=request_id,
                )

    async def _end(
        self, act: Act, practice_id: PracticeId, request_id: RequestId, state: RequestState
    ) -> tuple[Practice, EnrolmentRequest]:
        """Raise NotFound for what is no request of the practice's, and RequestNotPending."""
        request = await store.end(act.tx, practice_id, request_id, state, now=act.now)
        practice = await practices.find(act.tx, practice_id)
        if request is not None:
            return practice, request
        if await store.find(act.tx, practice_id, request_id, now=act.now) is None:
            raise NotFound
        raise RequestNotPending

    async def _patient(
        self,
        act: Act,
        practice_id: PracticeId,
        person: Person,
        said: Sequence[Contact],
        approval: Approval,
        mail_to: tuple[str, str] | None,
    ) -> Patient:
        """Hold the record that the practice names, or register one. Raises NotFound, and
        PatientEnrolled.
        """
        if approval.patient_id is not None:
            found = await patients.hold(act.tx, practice_id, approval.patient_id)
            if found is None:
                raise NotFound
            if found.account_id is not None:
                raise PatientEnrolled
            return found
        contact = numbered(said, approval.contact, field="contact")
        patient = self.patients.make(
            practice_id,
            PatientDetails(
                number=approval.number,
                last_name=person.last_name,
                first_name=person.first_name,
                birth_date=person.birth_date,
                home_phone=contact.home_phone,
                address=contact.address,
                email=mail_to[0] if mail_to else None,
            ),
        )
        await self.patients.add(act, patient)
        return patient


def numbered(said: Sequence[Contact], number: int, *, field: str) -> Contact:
    """Return the contact of this number; the first is 1. Raises ContactUnknown."""
    if not 1 <= number <= len(said):
        raise ContactUnknown.in_field(field, f"1 to {len(said)}")
    return said[number - 1]


def emailed(said: Sequence[Contact], number: int | None) -> tuple[str, str] | None:
    """Return where to mail and in which language. Raises ContactUnknown where there is none."""
    if number is None:
        return None
    contact = numbered(said, number, field="mail_to")
    if contact.email is None:
        raise ContactUnknown.in_field("mail_to", "one with an e-mail address")
    return contact.email, contact.locale
