"""How a practice reaches a patient is chosen an enrolment at a time (NT-2)."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

import pytest
import pytest_asyncio

from deploy.local.caught import FaultKind
from services.notify.ledger.ledger import PATIENCE
from services.notify.preferences.model import AddressId
from shared.contracts.identity import AccountState, EnrolmentState
from shared.contracts.ids import PatientId, SessionId
from shared.contracts.notify import Topic
from shared.contracts.practice_settings import PracticeSettings
from tests.builders import events
from tests.builders.bounces import bounce_to
from tests.builders.communications import communication
from tests.builders.patients import Patient, a_patient
from tests.builders.people import Person
from tests.rigs.issuer import Issuer
from tests.rigs.notify import Office
from tests.rigs.replica import Answer

pytestmark = pytest.mark.proves("NT-2")

OTHER = "other@mail.example"
STANDING_IN = "SELECT FROM notices WHERE template = 'practice-communication'"
EMAIL, PORTAL, NONE = ({"channel": channel} for channel in ("email", "portal", "none"))


def to(address_id: AddressId) -> dict[str, str]:
    return {"channel": "email", "address_id": str(address_id)}


def holder(patient: Patient) -> Person:
    session_id = SessionId(patient.account_id)  # hers alone, and the same in every call
    return Person(account_id=patient.account_id, session_id=session_id, version=1)


async def choose(patient: Patient, issuer: Issuer, *default: Any, **topics: Any) -> Answer:
    return await patient.office.call(
        "PUT",
        f"/notification-preferences/{patient.patient_id}",
        {"default": default, "topics": topics},
        token=await issuer.token(holder(patient)),
    )


async def listed(patient: Patient, issuer: Issuer) -> list[dict[str, Any]]:
    answer = await patient.office.call(
        "GET", "/notification-preferences", token=await issuer.token(holder(patient))
    )
    assert answer.status == 200
    found: list[dict[str, Any]] = answer.body["enrolments"]
    return found


async def offers(patient: Patient, *channels: str, version: int = 2) -> None:
    practice = events.practice(patient.practice_id, settings=PracticeSettings(channels=channels))
    await patient.office.know_practice(practice, version=version)


async def test_what_is_chosen_is_listed_with_what_the_practice_offers(
    office: Office, issuer: Issuer
) -> None:
    patient = await a_patient(office)
    await offers(patient, "portal", "email")

    before = await listed(patient, issuer)
    chosen = await choose(patient, issuer, PORTAL, statement=[NONE])
    after = await listed(patient, issuer)

    assert chosen.status == 204
    assert before == [
        {
            "practice_id": str(patient.practice_id),
            "practice_name": events.ELM_STREET,
            "patient_id": str(patient.patient_id),
            "offers": ["portal", "email"],
            "default": [],
            "topics": {},
        }
    ]
    assert after[0]["default"] == [{"channel": "portal", "address_id": None}]
    assert after[0]["topics"] == {"statement": [{"channel": "none", "address_id": None}]}


async def test_what_is_chosen_takes_the_place_of_all_that_was(
    office: Office, issuer: Issuer
) -> None:
    patient = await a_patient(office)
    await choose(patient, issuer, PORTAL, statement=[NONE])

    await choose(patient, issuer, message=[PORTAL])

    [one] = await listed(patient, issuer)
    assert (one["default"], set(one["topics"])) == ([], {"message"})


async def test_of_sixteen_chosen_at_once_one_is_whole(
    office: Office, twin: Office, issuer: Issuer
) -> None:
    patient = await a_patient(office)
    address_id = await office.has_address(issuer, holder(patient))
    orders = ([PORTAL], [EMAIL, PORTAL], [to(address_id), EMAIL, PORTAL], [NONE])

    answers = await asyncio.gather(
        *(choose(patient, issuer, *orders[number % 4]) for number in range(16))
    )

    assert {answer.status for answer in answers} == {204}
    [one] = await listed(patient, issuer)
    kept = [{k: v for k, v in way.items() if v} for way in one["default"]]
    assert kept in [list(order) for order in orders]


async def test_a_channel_that_is_not_offered_is_refused_and_none_is_not(
    office: Office, issuer: Issuer
) -> None:
    patient = await a_patient(office)
    await offers(patient, "portal")

    assert (await choose(patient, issuer, EMAIL)).refused() == (409, "channel_not_offered")
    assert (await choose(patient, issuer, NONE)).status == 204


async def test_an_address_that_is_not_verified_or_anothers_is_refused(
    office: Office, issuer: Issuer
) -> None:
    patient, stranger = await a_patient(office), await a_patient(office)
    unverified, _ = await office.add_address(issuer, holder(patient))
    anothers = await office.has_address(issuer, holder(stranger))

    for address_id in (unverified, anothers):
        refused = await choose(patient, issuer, to(address_id))
        assert refused.refused() == (409, "address_unverified")
    assert (await listed(patient, issuer))[0]["default"] == []


async def test_anothers_enrolment_and_one_that_ended_are_not_there(
    office: Office, issuer: Issuer
) -> None:
    patient, stranger = await a_patient(office), await a_patient(office)

    answer = await office.call(
        "PUT",
        f"/notification-preferences/{patient.patient_id}",
        {"default": [NONE]},
        token=await issuer.token(holder(stranger)),
    )
    await patient.changes(2, EnrolmentState.UNENROLLED)

    assert answer.refused() == (404, "not_found")
    assert (await choose(patient, issuer, NONE)).refused() == (404, "not_found")
    assert await listed(patient, issuer) == []


async def test_a_message_goes_to_the_address_that_was_chosen_and_to_no_other(
    office: Office, issuer: Issuer
) -> None:
    patient = await a_patient(office)
    address_id = await office.has_address(issuer, holder(patient))
    await choose(patient, issuer, to(address_id), statement=[NONE], appointment=[PORTAL])
    await office.send_all()
    office.mail_server.caught.mails.clear()

    for topic in (Topic.MESSAGE, Topic.STATEMENT, Topic.APPOINTMENT):
        await office.file_communication(
            communication(patient.practice_id, patient.patient_id, reference=topic, topic=topic)
        )
    await office.send_all()

    rows = await office.rows(
        "SELECT topic, channel, address, state, reason FROM deliveries"
        " WHERE practice_id IS NOT NULL ORDER BY topic"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("appointment", "portal", None, "delivered", None),
        ("message", "email", OTHER, "sent", None),
        ("statement", "none", None, "cancelled", "not_wanted"),
    ]
    assert [mail.envelope_to for mail in office.mails] == [(OTHER,)]
    assert len(await office.rows(STANDING_IN)) == 1


async def test_where_an_address_refuses_it_goes_to_the_next_and_then_is_a_notice(
    office: Office, issuer: Issuer
) -> None:
    patient = await a_patient(office)
    address_id = await office.has_address(issuer, holder(patient))
    await office.send_all()
    office.mail_server.caught.mails.clear()
    await choose(patient, issuer, to(address_id), EMAIL, PORTAL)

    office.mail_server.fail(FaultKind.REFUSE)
    await patient.is_written_to("1")
    await office.send_all()
    once = [mail.envelope_to for mail in office.mails], len(await office.rows(STANDING_IN))
    office.mail_server.fail(FaultKind.REFUSE)  # the other one is suppressed by now
    await patient.is_written_to("2")
    await office.send_all()

    assert once == ([(events.ADDRESS,)], 0)
    assert len(office.mails) == 1
    rows = await office.rows(
        "SELECT address, state, reason, attempts FROM deliveries WHERE reference IS NOT NULL"
        " ORDER BY reference"
    )
    assert [tuple(row.values()) for row in rows] == [
        (events.ADDRESS, "sent", None, 2),
        (events.ADDRESS, "failed", "refused", 2),
    ]
    assert len(await office.rows(STANDING_IN)) == 1


async def test_what_may_have_arrived_goes_nowhere_else(office: Office, issuer: Issuer) -> None:
    patient = await a_patient(office)
    address_id = await office.has_address(issuer, holder(patient))
    await office.send_all()
    await choose(patient, issuer, to(address_id), EMAIL, PORTAL)

    office.mail_server.fail(FaultKind.DROP_AFTER_DATA)
    await patient.is_written_to()
    await office.send_all()

    rows = await office.rows("SELECT address, state FROM deliveries WHERE reference IS NOT NULL")
    assert [tuple(row.values()) for row in rows] == [(OTHER, "unknown")]
    assert await office.rows(STANDING_IN) == []


async def test_an_address_is_removed_once_no_practice_writes_to_it_and_gets_nothing_more(
    office: Office, issuer: Issuer
) -> None:
    patient = await a_patient(office)
    address_id = await office.has_address(issuer, holder(patient))
    await office.send_all()
    await choose(patient, issuer, to(address_id), EMAIL)
    await patient.is_written_to()

    async def remove() -> Answer:
        return await office.call(
            "POST",
            f"/notification-addresses/{address_id}/remove",
            {"reauthenticated": await office.confirmed(issuer, holder(patient))},
            token=await issuer.token(holder(patient)),
        )

    assert (await remove()).refused() == (409, "address_in_use")
    await choose(patient, issuer, PORTAL)
    assert (await remove()).status == 204
    office.mail_server.caught.mails.clear()
    await office.send_all()

    assert [mail.envelope_to for mail in office.mails] == [(events.ADDRESS,)]  # the next way


async def test_chosen_and_removed_at_once_one_of_the_two_is_done(
    office: Office, issuer: Issuer
) -> None:
    patient = await a_patient(office)
    for number in range(8):
        address_id = await office.has_address(issuer, holder(patient), f"{number}@mail.example")
        office.clock.advance(hours=1)
        grant = await office.confirmed(issuer, holder(patient))
        removal = office.call(
            "POST",
            f"/notification-addresses/{address_id}/remove",
            {"reauthenticated": grant},
            token=await issuer.token(holder(patient)),
        )

        removed, chosen = await asyncio.gather(removal, choose(patient, issuer, to(address_id)))

        assert (removed.status, chosen.status) in {(204, 409), (409, 204)}
        await choose(patient, issuer)
        if removed.status == 409:
            await office.call(
                "POST",
                f"/notification-addresses/{address_id}/remove",
                {"reauthenticated": await office.confirmed(issuer, holder(patient))},
                token=await issuer.token(holder(patient)),
            )


@pytest.mark.proves("MG-5")
@pytest.mark.parametrize("snapshots_first", [True, False])
async def test_an_absorbed_accounts_address_goes_with_the_preference_that_names_it(
    office: Office, issuer: Issuer, snapshots_first: bool
) -> None:
    patient = await a_patient(office)
    used = await office.has_address(issuer, holder(patient))
    await office.has_address(issuer, holder(patient), "unused@mail.example")
    await choose(patient, issuer, to(used), PORTAL)
    await office.send_all()
    office.mail_server.caught.mails.clear()
    survivor = events.new_account()

    async def snapshots() -> None:
        await patient.changes(2, account_id=survivor, email="survivor@mail.example")
        gone = events.account(patient.account_id, email=None, state=AccountState.MERGED)
        await office.know(gone, version=2)

    if snapshots_first:
        await snapshots()
        await patient.is_written_to("between")
        await office.send_all()
        assert [mail.envelope_to for mail in office.mails] == [(OTHER,)]
        office.mail_server.caught.mails.clear()
    await office.merge(events.merged(survivor, patient.account_id))
    if not snapshots_first:
        await snapshots()
    await office.send_all()
    office.mail_server.caught.mails.clear()
    await patient.is_written_to("after")
    await office.send_all()

    assert [mail.envelope_to for mail in office.mails] == [(OTHER,)]
    rows = await office.rows("SELECT account_id, address FROM notification_addresses")
    assert [tuple(row.values()) for row in rows] == [(survivor, OTHER)]


async def test_a_practice_that_offers_e_mail_no_more_writes_notices(
    office: Office, issuer: Issuer
) -> None:
    patient = await a_patient(office)
    await choose(patient, issuer, EMAIL)
    await offers(patient, "portal", "pigeon")  # what is not known here is passed over

    await patient.is_written_to()
    await office.send_all()

    assert office.mails == []
    assert await office.ledger() == [("delivered", None)]
    assert len(await office.rows(STANDING_IN)) == 1


async def test_to_a_dead_address_nothing_is_mailed_and_the_next_way_is_taken(
    office: Office, issuer: Issuer
) -> None:
    patient = await a_patient(office)
    address_id = await office.has_address(issuer, holder(patient))
    await office.send_all()
    office.mail_server.caught.mails.clear()
    await choose(patient, issuer, to(address_id), EMAIL)
    await patient.is_written_to("1")
    await office.send_all()
    [mail] = office.mails
    report = bounce_to(mail.envelope_from)
    await office.features.bounces.bounces.take(report, by=office.plumbing.operator())

    await patient.is_written_to("2")
    await office.send_all()

    reached = [mail.envelope_to for mail in office.mails]
    assert reached == [
        (OTHER,),
        (events.ADDRESS,),
        (events.ADDRESS,),
    ]  # the one that came back as well
    assert await office.rows(STANDING_IN) == []


# ---- a duplicate chart is settled (MG-5, ST-1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoRecords:
    """One patient with two records of a practice, of which it gives up the second."""

    kept: Patient
    given_up: Patient
    issuer: Issuer

    async def settle(self, *, both_stay: bool = False) -> None:
        given_up = self.given_up.patient_id
        settled = events.charts_settled(
            self.kept.practice_id,
            kept=(self.kept.patient_id, given_up) if both_stay else (self.kept.patient_id,),
            given_up=() if both_stay else (given_up,),
            account_id=self.kept.account_id,
        )
        office = self.kept.office
        async with office.plumbing.database.transaction() as tx:
            await office.features.preferences.preferences.keep_of_settled(
                tx, events.received(settled)
            )

    async def chosen(self) -> dict[str, list[str]]:
        """By which channels each is reached, by the id of its record."""
        return {
            one["patient_id"]: [way["channel"] for way in one["default"]]
            for one in await listed(self.kept, self.issuer)
        }


@pytest_asyncio.fixture
async def two_records(office: Office, issuer: Issuer) -> TwoRecords:
    kept = await a_patient(office)
    given_up = replace(kept, patient_id=PatientId(events.RANDOMNESS.uuid()))
    both = events.account(kept.account_id, kept.enrolment(), given_up.enrolment())
    await office.know(both, version=2)
    return TwoRecords(kept=kept, given_up=given_up, issuer=issuer)


@pytest.mark.proves("ST-1", "MG-5")
async def test_what_was_chosen_for_a_record_that_is_given_up_holds_for_the_one_that_is_kept(
    two_records: TwoRecords,
) -> None:
    await choose(two_records.given_up, two_records.issuer, PORTAL, statement=[NONE])

    await two_records.settle()
    await two_records.settle()

    kept, given_up = (str(two_records.kept.patient_id), str(two_records.given_up.patient_id))
    assert await two_records.chosen() == {kept: ["portal"], given_up: []}


@pytest.mark.proves("ST-1", "MG-5")
@pytest.mark.parametrize("both_stay", [False, True], ids=["chosen for both", "both stay"])
async def test_what_she_chose_for_the_kept_one_herself_stays_as_it_is(
    two_records: TwoRecords, both_stay: bool
) -> None:
    await choose(two_records.given_up, two_records.issuer, PORTAL)
    if not both_stay:
        await choose(two_records.kept, two_records.issuer, NONE)

    await two_records.settle(both_stay=both_stay)

    assert await two_records.chosen() == {
        str(two_records.kept.patient_id): [] if both_stay else ["none"],
        str(two_records.given_up.patient_id): ["portal"],
    }


@pytest.mark.proves("ST-1", "V15.4.2")
async def test_a_choice_beside_it_is_kept_whole_whichever_is_first(
    two_records: TwoRecords,
) -> None:
    await choose(two_records.given_up, two_records.issuer, EMAIL, PORTAL, statement=[NONE])

    answers = await asyncio.gather(
        *(choose(two_records.kept, two_records.issuer, NONE) for _ in range(4)),
        two_records.settle(),
        two_records.settle(),
        return_exceptions=True,
    )

    assert [answer for answer in answers if isinstance(answer, BaseException)] == []
    assert (await two_records.chosen())[str(two_records.kept.patient_id)] == ["none"]


@pytest.mark.proves("ST-1", "UN-1")
async def test_what_its_practice_sends_to_a_record_that_was_given_up_is_refused_to_the_practice(
    two_records: TwoRecords,
) -> None:
    """As of any record that is not enrolled: whoever gave it up writes by the one it kept."""
    kept, given_up = two_records.kept, two_records.given_up
    settled = events.account(
        kept.account_id, kept.enrolment(), given_up.enrolment(EnrolmentState.UNENROLLED)
    )
    await kept.office.know(settled, version=3)

    await kept.is_written_to("1")
    await given_up.is_written_to("2", attempts=PATIENCE)

    rows = await kept.office.rows("SELECT patient_id, state, reason FROM deliveries")
    assert {row["patient_id"]: (row["state"], row["reason"]) for row in rows} == {
        kept.patient_id: ("queued", None),
        given_up.patient_id: ("failed", "not_enrolled"),
    }
