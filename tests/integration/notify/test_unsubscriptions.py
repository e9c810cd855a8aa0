"""Who unsubscribes by the link in a mail gets no e-mails of that topic any more (NT-7)."""

import asyncio
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from deploy.client.eventually import eventually
from deploy.local.caught import FaultKind
from services.notify.preferences.model import NOT_AT_ALL, Preference
from services.notify.preferences.store import preferences
from shared.contracts.identity import AccountState, EnrolmentState
from shared.contracts.ids import SessionId
from shared.contracts.notify import Topic
from shared.contracts.practice_settings import PracticeSettings
from tests.builders import events
from tests.builders.communications import communication
from tests.builders.patients import Patient, a_patient
from tests.builders.people import Person
from tests.rigs.issuer import Issuer
from tests.rigs.notify import Office
from tests.rigs.replica import Answer

pytestmark = [pytest.mark.proves("NT-7"), pytest.mark.usefixtures("issuer")]  # it is served

UNSUBSCRIBED = "SELECT FROM audit_entries WHERE action = 'preference.unsubscribed'"


async def is_mailed(patient: Patient, reference: str = "1") -> str:
    """Her practice has a message for her, which is mailed; the token of the mail's link."""
    office = patient.office
    before = len(office.mails)
    await patient.is_written_to(reference)
    await office.send_all()
    [mail] = office.mails[before:]
    [link] = re.findall(r"<(.+)>", dict(mail.headers)["List-Unsubscribe"])
    assert link in mail.text, "the foot has the same one"
    token: str = parse_qs(urlsplit(link).query)["link"][0]
    return token


async def looks(office: Office, token: str) -> Answer:
    return await office.call("POST", "/unsubscriptions/preview", {"token": token})


async def unsubscribes(office: Office, token: str) -> Answer:
    return await office.call("POST", "/unsubscriptions", {"token": token})


async def channels(patient: Patient, reference: str) -> list[tuple[str, str]]:
    """What becomes of another message to her."""
    event_id = await patient.is_written_to(reference)
    await patient.office.send_all()
    rows = await patient.office.rows(
        "SELECT channel, state FROM deliveries WHERE event_id = $1", event_id
    )
    return [(row["channel"], row["state"]) for row in rows]


async def offers(patient: Patient, *channels: str, version: int) -> None:
    practice = events.practice(patient.practice_id, settings=PracticeSettings(channels=channels))
    await patient.office.know_practice(practice, version=version)


async def topics(patient: Patient, issuer: Issuer) -> Any:
    """What the settings show of her topics."""
    answer = await patient.office.call(
        "GET", "/notification-preferences", token=await issuer.token(holder(patient))
    )
    [one] = answer.body["enrolments"]
    return {topic: [way["channel"] for way in order] for topic, order in one["topics"].items()}


def holder(patient: Patient) -> Person:
    session_id = SessionId(patient.account_id)
    return Person(account_id=patient.account_id, session_id=session_id, version=1)


async def test_a_link_says_what_it_would_stop_and_stops_it_when_it_is_told_to(
    office: Office, issuer: Issuer
) -> None:
    patient = await a_patient(office)
    token = await is_mailed(patient)
    told = {"practice_name": events.ELM_STREET, "topic": "message"}

    before = [await looks(office, token) for _ in range(3)]
    still = await channels(patient, "2")
    done = await unsubscribes(office, token)
    after = await looks(office, token)

    assert [answer.body for answer in before] == [{**told, "subscribed": True}] * 3
    assert still == [("email", "sent")], "to look changes nothing"
    assert (done.status, done.body) == (200, {**told, "subscribed": False})
    assert after.body == done.body
    assert await channels(patient, "3") == [("portal", "delivered")]
    assert await topics(patient, issuer) == {"message": ["portal", "none"]}


async def test_other_topics_and_other_enrolments_are_mailed_as_before(office: Office) -> None:
    patient, other = await a_patient(office), await a_patient(office)
    await unsubscribes(office, await is_mailed(patient))

    data = communication(
        patient.practice_id, patient.patient_id, topic=Topic.STATEMENT, reference="s"
    )
    await office.file_communication(data)
    await office.send_all()

    rows = await office.rows("SELECT channel FROM deliveries WHERE topic = 'statement'")
    assert [row["channel"] for row in rows] == ["email"]
    assert await channels(other, "o") == [("email", "sent")]


async def test_where_nothing_else_is_offered_nothing_is_sent_whatever_is_offered_later(
    office: Office,
) -> None:
    patient = await a_patient(office)
    token = await is_mailed(patient)
    await offers(patient, "email", version=2)

    await unsubscribes(office, token)

    assert await channels(patient, "2") == [("none", "cancelled")]
    await offers(patient, "email", "portal", version=3)
    assert await channels(patient, "3") == [("none", "cancelled")]


async def test_a_practice_that_drops_the_portal_brings_no_e_mail_back(office: Office) -> None:
    patient = await a_patient(office)
    await unsubscribes(office, await is_mailed(patient))

    await offers(patient, "email", version=2)

    assert await channels(patient, "2") == [("none", "cancelled")]


async def test_it_is_taken_back_in_the_settings_and_the_link_stops_it_again(
    office: Office, issuer: Issuer
) -> None:
    patient = await a_patient(office)
    token = await is_mailed(patient)
    await unsubscribes(office, token)

    await office.call(
        "PUT",
        f"/notification-preferences/{patient.patient_id}",
        {"default": [{"channel": "email"}]},
        token=await issuer.token(holder(patient)),
    )

    assert (await looks(office, token)).body["subscribed"] is True
    assert await channels(patient, "2") == [("email", "sent")]
    assert (await unsubscribes(office, token)).body["subscribed"] is False
    assert await topics(patient, issuer) == {"message": ["none"]}


async def test_of_64_at_once_over_two_replicas_one_is_done_and_audited(
    office: Office, twin: Office, issuer: Issuer
) -> None:
    patient = await a_patient(office)
    token = await is_mailed(patient)
    of_two = [one.features.unsubscriptions.unsubscriptions for one in (office, twin)]
    by = office.plumbing.operator()

    statuses = await asyncio.gather(
        *(of_two[number % 2].unsubscribe(token, by=by) for number in range(64))
    )

    assert {status.subscribed for status in statuses} == {False}
    assert len(await office.rows(UNSUBSCRIBED)) == 1
    assert await topics(patient, issuer) == {"message": ["portal", "none"]}


@pytest.mark.parametrize("when", ["before the merge", "between", "after it"])
async def test_a_link_follows_its_record_through_a_merge(office: Office, when: str) -> None:
    patient, survivor = await a_patient(office), events.new_account()
    await office.know(events.account(survivor, email="survivor@mail.example"))
    token = await is_mailed(patient)

    if when == "before the merge":
        await unsubscribes(office, token)
    await patient.changes(2, account_id=survivor, email="survivor@mail.example")
    await office.know(
        events.account(patient.account_id, email=None, state=AccountState.MERGED), version=2
    )
    if when == "between":
        assert (await unsubscribes(office, token)).status == 200
    await office.merge(events.merged(survivor, patient.account_id, "survivor@mail.example"))
    if when == "after it":
        assert (await unsubscribes(office, token)).status == 200

    assert await channels(patient, "2") == [("portal", "delivered")]
    assert (await looks(office, token)).body["subscribed"] is False


async def test_what_was_stopped_stays_so_through_an_un_enrolment(office: Office) -> None:
    patient = await a_patient(office)
    token = await is_mailed(patient)
    await patient.changes(2, EnrolmentState.UNENROLLED)

    assert (await unsubscribes(office, token)).status == 200
    await patient.changes(3)

    assert await channels(patient, "2") == [("portal", "delivered")]


async def test_a_link_says_nothing_of_a_record_that_is_anothers_by_now(office: Office) -> None:
    patient, another = await a_patient(office), events.new_account()
    token = await is_mailed(patient)
    await patient.changes(2, EnrolmentState.UNENROLLED)
    await patient.changes(1, account_id=another, email="another@mail.example")

    for answer in (await looks(office, token), await unsubscribes(office, token)):
        assert answer.refused() == (422, "unsubscribe_link_invalid")
    assert await channels(patient, "2") == [("email", "sent")]


async def test_a_tag_of_another_purpose_or_of_no_practice_s_mail_stops_nothing(
    office: Office,
) -> None:
    patient = await a_patient(office)
    token = await is_mailed(patient)
    await office.file(events.locked(patient.account_id, events.ADDRESS))
    sending = office.features.sending
    [activity] = await office.rows("SELECT id FROM deliveries WHERE class = 'account-activity'")
    [mailed] = await office.rows("SELECT id FROM deliveries WHERE class <> 'account-activity'")
    bounce = sending.return_paths.tags[0].write(mailed["id"])

    for wrong in (
        sending.unsubscribe_links.tags.write(activity["id"]),
        bounce,
        token[:-1],
        token + "a",
        "",
    ):
        assert (await unsubscribes(office, wrong)).refused() == (422, "unsubscribe_link_invalid")
    assert (await looks(office, token)).body["subscribed"] is True


@pytest.mark.parametrize("notice", [True, False], ids=["a notice is left", "nothing is"])
async def test_what_waits_to_be_mailed_is_mailed_no_more(office: Office, notice: bool) -> None:
    patient = await a_patient(office)
    if not notice:
        await offers(patient, "email", version=2)
    token = await is_mailed(patient)
    office.mail_server.fail(FaultKind.TEMPFAIL)
    before = len(office.mails)
    event_id = await patient.is_written_to("waits")
    await office.send_all()

    await unsubscribes(office, token)
    office.clock.advance(minutes=1)
    await office.send_all()

    [row] = await office.rows("SELECT state, reason FROM deliveries WHERE event_id = $1", event_id)
    assert tuple(row) == ("cancelled", "not_wanted")
    assert len(office.mails) == before
    assert await patient.notices() == ["practice-communication"] * notice


@pytest.mark.proves("NT-2")
@pytest.mark.parametrize("chosen", [["none"], ["portal", "none"]])
async def test_what_waits_to_be_mailed_follows_the_order_that_is_chosen_for_all_topics(
    office: Office, issuer: Issuer, chosen: list[str]
) -> None:
    patient = await a_patient(office)
    office.mail_server.fail(FaultKind.TEMPFAIL)
    before = len(office.mails)
    event_id = await patient.is_written_to("waits")
    await office.send_all()

    await office.call(
        "PUT",
        f"/notification-preferences/{patient.patient_id}",
        {"default": [{"channel": channel} for channel in chosen]},
        token=await issuer.token(holder(patient)),
    )
    office.clock.advance(minutes=1)
    await office.send_all()

    [row] = await office.rows("SELECT state, reason FROM deliveries WHERE event_id = $1", event_id)
    assert tuple(row) == ("cancelled", "not_wanted")
    assert len(office.mails) == before
    assert await patient.notices() == ["practice-communication"] * ("portal" in chosen)


async def test_who_chooses_just_now_is_waited_for_and_loses_nothing(
    office: Office, issuer: Issuer
) -> None:
    patient = await a_patient(office)
    token = await is_mailed(patient)
    unsubscriptions = office.features.unsubscriptions.unsubscriptions

    async def waits() -> None:
        waiting = "SELECT FROM pg_locks WHERE NOT granted"
        assert await office.rows(waiting)

    async with office.plumbing.database.transaction() as tx:
        await preferences.hold(tx, patient.account_id, patient.patient_id)
        racing = asyncio.ensure_future(
            unsubscriptions.unsubscribe(token, by=office.plumbing.operator())
        )
        await eventually(waits, within=20)
        chosen = Preference(topics={Topic.STATEMENT: NOT_AT_ALL})
        await preferences.replace(tx, patient.practice_id, patient.patient_id, chosen)
    await racing

    assert await topics(patient, issuer) == {
        "statement": ["none"],
        "message": ["portal", "none"],
    }
