"""Notify's verbs, each called by a person, or by a practice's system."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from twilio.request_validator import RequestValidator

from deploy.local.texts import TOKEN
from shared.contracts.identity import EnrolmentState
from shared.contracts.ids import PatientId, PracticeId
from shared.contracts.scopes import Scope
from tests.builders import events
from tests.builders.bounces import bounce_of, is_sent, is_suppressed
from tests.builders.patients import Patient, a_patient
from tests.builders.people import Person, a_person, a_practice
from tests.conformance.stage import Clients, Example
from tests.rigs.notify import NUMBER, Office
from tests.rigs.replica import HOOKS_URL
from tests.support.clock import FakeClock
from tests.support.database import Database

BY_STAFF = {"staff_id": "nurse-7", "reason": "asked at the desk"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyStage(Clients):
    """Notify, which knows one patient of a practice, and has a notice for her."""

    replica: Office
    patient_id: PatientId
    patient: Person

    async def session(self, *, service: str | None = None) -> str:
        return await self.issuer.token(a_person(version=0), service=service)


def about(stage: NotifyStage, patient: Patient) -> NotifyStage:
    """The same stage about somebody else."""
    return replace(
        stage,
        practice_id=patient.practice_id,
        patient_id=patient.patient_id,
        patient=Person(account_id=patient.account_id, version=1),
    )


async def records(stage: NotifyStage, practice_id: PracticeId) -> dict[str, PatientId]:
    """Records of this practice, one in each state in which notify has heard of them; to each
    something was sent before.
    """
    await stage.replica.know_practice(events.practice(practice_id))
    made = {}
    for state in EnrolmentState:
        patient = await written_to(stage, practice_id)
        await patient.changes(3, state)
        made[str(state)] = patient.patient_id
    absorbed = await written_to(stage, practice_id)
    await absorbed.changes(3, account_id=events.new_account())
    return {**made, "merged": absorbed.patient_id}


async def written_to(stage: NotifyStage, practice_id: PracticeId) -> Patient:
    patient = replace(await a_patient(stage.replica), practice_id=practice_id)
    await patient.changes(2)
    await patient.is_written_to(str(patient.patient_id))
    return patient


async def own_records(stage: NotifyStage) -> dict[str, PatientId]:
    return await records(stage, stage.practice_id)


async def anothers_records(stage: NotifyStage) -> dict[str, PatientId]:
    return await records(stage, a_practice())


@asynccontextmanager
async def opened(database: Database, clock: FakeClock) -> AsyncIterator[NotifyStage]:
    office = Office.opened(database, clock)
    async with office.served(database) as issuer:
        patient = await a_patient(office, email=None)
        yield NotifyStage(
            replica=office,
            issuer=issuer,
            practice_id=patient.practice_id,
            patient_id=patient.patient_id,
            patient=Person(account_id=patient.account_id, version=1),
        )
    await office.close()


async def list_notices(stage: NotifyStage) -> Example:
    return Example(token=await stage.issuer.token(stage.patient))


async def read_notice(stage: NotifyStage) -> Example:
    await stage.replica.file(events.enrolment_ended(stage.patient.account_id))
    [row] = await stage.replica.rows("SELECT id FROM notices")
    return Example(path={"notice_id": row["id"]}, token=await stage.issuer.token(stage.patient))


async def dismiss_notice(stage: NotifyStage) -> Example:
    return await read_notice(stage)


async def list_notification_addresses(stage: NotifyStage) -> Example:
    return await list_notices(stage)


async def add_notification_address(stage: NotifyStage) -> Example:
    await stage.replica.make_keys()
    return Example(
        body={
            "address": "other@mail.example",
            "reauthenticated": await stage.replica.confirmed(stage.issuer, stage.patient),
        },
        token=await stage.issuer.token(stage.patient),
    )


async def verify_notification_address(stage: NotifyStage) -> Example:
    _, link = await stage.replica.add_address(stage.issuer, stage.patient)
    return Example(body={"token": link}, token=await stage.issuer.token(stage.patient))


async def remove_notification_address(stage: NotifyStage) -> Example:
    address_id = await stage.replica.has_address(stage.issuer, stage.patient)
    return Example(
        path={"address_id": address_id},
        body={"reauthenticated": await stage.replica.confirmed(stage.issuer, stage.patient)},
        token=await stage.issuer.token(stage.patient),
    )


async def add_notification_number(stage: NotifyStage) -> Example:
    await stage.replica.make_keys()
    return Example(
        body={
            "number": NUMBER,
            "reauthenticated": await stage.replica.confirmed(stage.issuer, stage.patient),
        },
        token=await stage.issuer.token(stage.patient),
    )


async def verify_notification_number(stage: NotifyStage) -> Example:
    address_id, code = await stage.replica.add_number(stage.issuer, stage.patient)
    return Example(
        path={"address_id": address_id},
        body={"code": code},
        token=await stage.issuer.token(stage.patient),
    )


async def list_notification_preferences(stage: NotifyStage) -> Example:
    return await list_notices(stage)


async def choose_notification_preference(stage: NotifyStage) -> Example:
    return Example(
        path={"patient_id": stage.patient_id},
        body={"default": [{"channel": "portal"}], "topics": {"statement": [{"channel": "none"}]}},
        token=await stage.issuer.token(stage.patient),
    )


async def unsubscribe(stage: NotifyStage) -> Example:
    patient = Patient(
        office=stage.replica,
        practice_id=stage.practice_id,
        patient_id=stage.patient_id,
        account_id=stage.patient.account_id,
    )
    event_id = await patient.is_written_to("unsubscribe")
    [row] = await stage.replica.rows("SELECT id FROM deliveries WHERE event_id = $1", event_id)
    links = stage.replica.features.sending.unsubscribe_links
    return Example(body={"token": links.tags.write(row["id"])})


async def preview_unsubscription(stage: NotifyStage) -> Example:
    return await unsubscribe(stage)


async def list_deliveries(stage: NotifyStage) -> Example:
    return await list_notices(stage)


async def list_practice_deliveries(stage: NotifyStage) -> Example:
    await written_to(stage, stage.practice_id)
    return Example(token=await stage.practice())


async def resend_delivery(stage: NotifyStage) -> Example:
    patient = await written_to(stage, stage.practice_id)
    [row] = await stage.replica.rows(
        """
        UPDATE deliveries SET state = 'unknown', reason = 'unanswered', finished_at = created_at
        WHERE patient_id = $1 RETURNING id
        """,
        patient.patient_id,
    )
    return Example(path={"delivery_id": row["id"]}, body=BY_STAFF, token=await stage.practice())


async def submit_communication(stage: NotifyStage) -> Example:
    return Example(
        body={"patient_id": str(stage.patient_id), "topic": "message", "reference": "visit-7"},
        token=await stage.practice(),
    )


async def submit_communications(stage: NotifyStage) -> Example:
    one = await submit_communication(stage)
    return Example(body={"communications": [one.body]}, token=one.token)


async def take_bounce(stage: NotifyStage) -> Example:
    delivery_id = await is_sent(stage.replica)
    return Example(
        message=bounce_of(stage.replica, delivery_id),
        token=await stage.issuer.client_token(None, Scope.BOUNCES_WRITE),
    )


async def take_text_receipt(stage: NotifyStage) -> Example:
    delivery_id = await is_sent(stage.replica)
    await stage.replica.rows("UPDATE deliveries SET channel = 'text-message' RETURNING id")
    said = {"MessageSid": "SM1", "MessageStatus": "read"}
    return hook(
        f"/texts/status?delivery_id={delivery_id}&hop=0",
        said,
        delivery_id=str(delivery_id),
        hop="0",
    )


async def take_text_answer(stage: NotifyStage) -> Example:
    return hook("/texts/incoming", {"MessageSid": "SM1", "From": NUMBER, "Body": "STOP"})


def hook(path: str, said: dict[str, str], **query: str) -> Example:
    """As the provider signs it, by its own library."""
    signature = RequestValidator(TOKEN).compute_signature(f"{HOOKS_URL}{path}", said)
    return Example(form=said, query=query, headers={"X-Twilio-Signature": signature})


async def list_suppressions(stage: NotifyStage) -> Example:
    return await list_notices(stage)


async def lift_suppressions(stage: NotifyStage) -> Example:
    account_id = stage.patient.account_id
    await stage.replica.know(events.account(account_id, email=events.ADDRESS), version=2)
    await is_suppressed(stage.replica)
    return Example(token=await stage.issuer.token_of(account_id, version=2))


async def read_source_at_notify(stage: NotifyStage) -> Example:
    return Example()
