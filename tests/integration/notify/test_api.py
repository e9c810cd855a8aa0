"""Notify's verbs over real HTTP, with tokens signed by identity's own key."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from deploy.local.caught import FaultKind
from services.notify.communications.errors import ReferenceReused
from services.notify.ledger.ledger import PATIENCE
from services.notify.ledger.model import State
from services.notify.tellings.model import Reason
from shared.contracts.identity import Claim
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.contracts.notify import Topic
from shared.contracts.sealed import SealPurpose
from tests.builders import events
from tests.builders.communications import communication
from tests.builders.patients import Patient, a_patient, file_communications
from tests.rigs.issuer import Issuer
from tests.rigs.notify import Office
from tests.rigs.replica import Answer

NOBODY = PatientId(UUID(int=7))


@pytest.mark.proves("NT-5")
async def test_a_person_lists_what_was_sent_to_her_and_no_other_with_masked_addresses(
    office: Office, issuer: Issuer
) -> None:
    patient = await a_patient(office)
    await office.file(events.locked(patient.account_id, events.ADDRESS))
    await office.file(events.locked(events.new_account(), "other@mail.example"))
    await office.send_all()
    office.clock.advance(minutes=1)
    await patient.is_written_to()

    token = await issuer.token_of(patient.account_id, version=1)
    answer = await office.call("GET", "/deliveries", token=token)

    assert answer.status == 200
    written, delivery = answer.body["deliveries"]
    assert (written["template"], written["state"]) == ("practice-communication", "queued")
    assert written["address"] == "j***@mail.example"
    assert await patient.notices() == []  # what has an address is none
    del delivery["id"], delivery["at"]
    assert delivery == {
        "message_class": "account-activity",
        "template": "account-locked",
        "channel": "email",
        "address": "j***@mail.example",
        "state": "sent",
        "reason": None,
    }


async def claim(office: Office, account_id: AccountId, found: Claim, *, enrols: bool) -> None:
    """Consume what identity says of an address that is claimed."""
    event_id, sealed = events.new_event(), None
    if found is Claim.VERIFY:
        sealed = await office.seal("s" * 43, event_id, purpose=SealPurpose.EMAIL_VERIFICATION)
    data = (
        events.enrolled(account_id, events.ADDRESS, claim=found, sealed=sealed)
        if enrols
        else events.verification_requested(account_id, events.ADDRESS, sealed, claim=found)
    )
    await office.file(data, event_id=event_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads everything that the ledger tells persons, but the random ids."""

    office: Office
    issuer: Issuer

    async def told(self, account_id: AccountId) -> list[dict[str, Any]]:
        token = await self.issuer.token_of(account_id)
        answer = await self.office.call("GET", "/deliveries", token=token)
        return [{**delivery, "id": None} for delivery in answer.body["deliveries"]]


@pytest.fixture
def reader(office: Office, issuer: Issuer) -> Reader:
    return Reader(office=office, issuer=issuer)


@pytest.mark.parametrize("enrols", [False, True])
@pytest.mark.parametrize("fault", [None, FaultKind.REFUSE, FaultKind.TEMPFAIL])
async def test_the_ledger_does_not_tell_whether_a_claimed_address_is_another_account_s(
    office: Office, reader: Reader, enrols: bool, fault: FaultKind | None
) -> None:
    free, taken = events.new_account(), events.new_account()
    for _ in range(2):  # a newer link voids the older: a word without a link has no such end
        await claim(office, free, Claim.VERIFY, enrols=enrols)
        await claim(office, taken, Claim.TAKEN, enrols=enrols)
    seen = [(await reader.told(free), await reader.told(taken))]
    if fault:
        office.mail_server.fail(fault)  # one of them: what a server answers depends on the address
    for wait in (0, 2):
        office.clock.advance(hours=wait)
        await office.send_all()
        await office.features.sending.reaper.once()
        seen.append((await reader.told(free), await reader.told(taken)))

    assert all(of_free == of_taken for of_free, of_taken in seen)
    assert len(seen[0][0]) == 2


async def test_what_became_of_a_verification_mail_is_told_once_the_address_is_the_account_s_own(
    office: Office, reader: Reader
) -> None:
    account_id = events.new_account()
    await claim(office, account_id, Claim.VERIFY, enrols=False)
    await office.send_all()
    assert [one["state"] for one in await reader.told(account_id)] == ["queued"]

    await office.know(events.account(account_id, email=events.ADDRESS))

    assert [one["state"] for one in await reader.told(account_id)] == ["sent"]


@pytest.mark.proves("ID-6")
async def test_it_goes_on_to_be_told_when_another_address_took_its_place(
    office: Office, reader: Reader
) -> None:
    account_id, new = events.new_account(), "new@mail.example"
    await claim(office, account_id, Claim.VERIFY, enrols=False)
    await office.know(events.account(account_id, email=new))
    await office.send_all()
    assert [one["state"] for one in await reader.told(account_id)] == ["queued"]

    office.clock.advance(seconds=1)
    await office.file(events.email_changed(account_id, events.ADDRESS, new))
    await office.send_all()
    office.clock.advance(seconds=1)
    await claim(office, account_id, Claim.TAKEN, enrols=False)  # it was let go, and is another's
    await office.send_all()

    told = [(one["template"], one["state"]) for one in await reader.told(account_id)]
    assert sorted(told) == [
        ("account-email-changed", "sent"),
        ("account-email-changed", "sent"),
        ("email-verification", "queued"),
        ("email-verification", "sent"),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """A practice's system, and a patient of its."""

    patient: Patient
    token: str

    async def submits(self, **said: str) -> Answer:
        body = {"patient_id": str(self.patient.patient_id), "topic": "message", "reference": "1"}
        return await self.patient.office.call(
            "POST", "/communications", {**body, **said}, token=self.token
        )


@pytest_asyncio.fixture
async def sender(office: Office, issuer: Issuer) -> Sender:
    patient = await a_patient(office)
    scopes = ("communications:write", "deliveries:read")
    return Sender(patient=patient, token=await issuer.client_token(patient.practice_id, *scopes))


@pytest.mark.proves("NT-9")
async def test_a_practice_submits_once_and_sees_what_became_of_it_and_nothing_else(
    office: Office, sender: Sender
) -> None:
    await office.file(events.locked(sender.patient.account_id, events.ADDRESS))
    await file_communications(office)

    first, again = [await sender.submits(reference="visit-7") for _ in range(2)]
    await office.file_submitted()
    await office.send_all()
    seen = (await office.call("GET", "/practice/deliveries", token=sender.token)).body

    assert (first.status, first.body) == (202, again.body)
    (delivery,) = seen["deliveries"]
    assert (delivery["reference"], delivery["state"]) == ("visit-7", "sent")
    assert "mail.example" not in str(seen)


async def test_a_patient_that_notify_has_not_heard_of_is_taken(sender: Sender) -> None:
    assert (await sender.submits(patient_id=str(events.RANDOMNESS.uuid()))).status == 202


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("patient_id", "no uuid"),
        ("topic", "gossip"),
        ("reference", ""),
        ("reference", "r" * 101),
        ("reference", "line\nbreak"),
        ("text", "what it says"),
    ],
)
async def test_a_bad_field_is_named(sender: Sender, field: str, value: str) -> None:
    answer = await sender.submits(**{field: value})

    assert answer.refused() == (400, "body_invalid")
    assert field in str(answer.body["errors"])


# ---- in a race, and with what is known of its patient


async def written(office: Office) -> int:
    rows = await office.rows("SELECT count(*) FROM communications WHERE due_at IS NOT NULL")
    return int(rows[0]["count"])


@pytest.mark.proves("NT-9")
async def test_the_same_reference_is_the_same_communication_also_in_a_race(office: Office) -> None:
    patient = await a_patient(office)

    ids = await asyncio.gather(*(patient.is_submitted() for _ in range(12)))

    assert len(set(ids)) == 1
    assert await written(office) == 1


@pytest.mark.proves("NT-9")
async def test_a_reference_used_for_something_else_is_refused(office: Office) -> None:
    patient, other = [await a_patient(office) for _ in range(2)]
    await patient.is_submitted()

    with pytest.raises(ReferenceReused) as reused:
        await patient.is_submitted(topic=Topic.STATEMENT)
    await office.forget_accounts()
    with pytest.raises(ReferenceReused):
        await other.is_submitted(practice_id=patient.practice_id)

    assert [error.field for error in reused.value.violations] == ["reference"]
    assert await written(office) == 1
    rows = await office.rows("SELECT outcome, detail FROM audit_entries ORDER BY at, id")
    assert sorted(tuple(row) for row in rows) == [
        ("done", "message"),
        ("refused", "reference_reused"),
        ("refused", "reference_reused"),
    ]


@pytest.mark.proves("ST-1")
async def test_a_record_of_another_practice_is_taken_as_nobodys_and_gets_what_nobodys_gets(
    office: Office,
) -> None:
    patient, here = await a_patient(office), PracticeId(events.RANDOMNESS.uuid())
    await office.know_practice(events.practice(here))
    for reference, patient_id in (("another's", patient.patient_id), ("nobody's", NOBODY)):
        data = communication(here, patient_id, reference=reference)
        await office.file_communication(data, attempts=PATIENCE)

    found = await office.ledger_of(here)

    assert {(entry.state, entry.reason) for entry in found} == {(State.FAILED, Reason.NO_ACCOUNT)}
    assert len(found) == 2
    assert await patient.mails() == []


@pytest.mark.proves("NT-5", "ST-1")
async def test_a_practice_pages_through_what_it_sent_to_all_and_to_one(
    office: Office, issuer: Issuer
) -> None:
    patient = await a_patient(office)
    other = replace(await a_patient(office), practice_id=patient.practice_id)
    await other.changes(2)
    for number in range(101):
        await patient.is_written_to(str(number))
    await other.is_written_to("hers")
    token = await issuer.client_token(patient.practice_id, "deliveries:read")

    async def listed(**query: object) -> Any:
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        answer = await office.call("GET", f"/practice/deliveries?{asked}", token=token)
        assert answer.status == 200, answer.body
        return answer.body

    first = await listed()
    rest = await listed(after=first["next"])
    hers = await listed(patient_id=other.patient_id)

    pages = [each["reference"] for page in (first, rest) for each in page["deliveries"]]
    assert (len(first["deliveries"]), len(pages), len(set(pages))) == (100, 102, 102)
    assert "next" not in rest
    assert [each["reference"] for each in hers["deliveries"]] == ["hers"]
    assert (await listed(patient_id=NOBODY))["deliveries"] == []


@pytest.mark.parametrize("name", ["patient_id", "after"])
async def test_what_is_no_id_in_a_query_is_named(office: Office, issuer: Issuer, name: str) -> None:
    token = await issuer.client_token(PracticeId(UUID(int=1)), "deliveries:read")

    answer = await office.call("GET", f"/practice/deliveries?{name}=x", token=token)

    assert (answer.status, answer.code) == (400, "body_invalid")
    assert answer.body["errors"][0]["field"] == f"query.{name}"


async def test_two_practices_may_use_the_same_reference(office: Office) -> None:
    ids = {await (await a_patient(office)).is_submitted() for _ in range(2)}

    assert len(ids) == 2
    assert await written(office) == 2
