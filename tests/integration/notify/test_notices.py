"""Notices in the portal: for what could not be mailed, each once, and only one's own (NT-8)."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from services.notify.ledger.ledger import PATIENCE
from services.notify.ledger.model import State
from services.notify.notices.model import NoticeId
from shared.contracts.identity import Activity, Claim, EnrolmentState
from shared.contracts.ids import AccountId
from shared.contracts.sealed import SealPurpose
from shared.errors import NotFound
from tests.builders import events
from tests.integration.notify.caller import Caller
from tests.integration.notify.mail_server import MailServer
from tests.rigs.notify import Office
from tests.support.clock import START, FakeClock


async def waiting(office: Office, account_id: AccountId) -> list[str]:
    found = await office.features.notices.notices.undismissed(account_id)
    return [notice.template for notice, _ in found]


async def the_one(office: Office, account_id: AccountId) -> NoticeId:
    ((notice, _),) = await office.features.notices.notices.undismissed(account_id)
    return notice.id


@pytest.mark.proves("NT-8")
async def test_account_activity_without_an_address_waits_in_the_portal(
    office: Office, caller: Caller
) -> None:
    account_id = events.new_account()
    await office.file(events.enrolment_ended(account_id))

    token = await caller.as_person(account_id)
    status, body = await caller.call("GET", "/notices", token=token)

    assert status == 200
    (notice,) = body["notices"]
    del notice["id"], notice["at"]
    text = notice.pop("text")
    assert notice == {
        "message_class": "account-activity",
        "template": "enrolment-ended",
        "subject": "A practice has ended your enrolment in Portico",
        "read": False,
    }
    assert "+1 555 0100" in text
    assert "mail" not in text
    assert await office.ledger() == [("failed", "no_address")]


@pytest.mark.proves("NT-8")
async def test_a_practice_s_word_to_an_enrolled_patient_without_an_address_waits_in_the_portal(
    office: Office,
) -> None:
    practice_id, patient_id, account_id = await office.with_patient(email=None)

    await office.file_communication(events.communication(practice_id, patient_id))

    ((notice, told),) = await office.features.notices.notices.undismissed(account_id)
    assert notice.template == "practice-communication"
    assert "Elm Street has a message for you" in told.text
    assert await office.ledger() == [("failed", "no_address")]


async def test_an_address_given_up_before_the_mail_went_out_makes_a_notice(
    office: Office, mail_server: MailServer
) -> None:
    practice_id, patient_id, account_id = await office.with_patient()
    await office.file_communication(events.communication(practice_id, patient_id))
    enrolment = events.enrolment(practice_id, patient_id)
    await office.know(events.account(account_id, enrolment, email=None), version=2)

    await office.send_all()

    assert mail_server.mails == []
    assert await office.ledger() == [("failed", "no_address")]
    assert await waiting(office, account_id) == ["practice-communication"]


async def test_what_is_mailed_is_no_notice(office: Office) -> None:
    practice_id, patient_id, account_id = await office.with_patient()
    await office.file_communication(events.communication(practice_id, patient_id))
    await office.file(events.locked(account_id, events.ADDRESS))

    await office.send_all()

    assert await waiting(office, account_id) == []


async def test_who_is_not_enrolled_gets_no_notice_of_the_practice(office: Office) -> None:
    practice_id, patient_id, account_id = await office.with_patient(email=None)
    gone = events.enrolment(practice_id, patient_id, EnrolmentState.UNENROLLED)
    await office.know(events.account(account_id, gone, email=None), version=2)

    await office.file_communication(
        events.communication(practice_id, patient_id), attempts=PATIENCE
    )

    assert await waiting(office, account_id) == []


@pytest.mark.proves("UN-1")
async def test_a_practice_s_notice_is_out_of_the_session_while_its_patient_is_not_enrolled(
    office: Office, clock: FakeClock
) -> None:
    practice_id, patient_id, account_id = await office.with_patient(email=None)
    await office.file_communication(events.communication(practice_id, patient_id))
    await office.file(events.enrolment_ended(account_id))
    clock.advance(minutes=1)
    notices = office.features.notices.notices
    (mine,) = await office.rows("SELECT id FROM notices WHERE class = 'practice-communication'")
    gone = events.enrolment(practice_id, patient_id, EnrolmentState.UNENROLLED)

    await office.know(events.account(account_id, gone, email=None), version=2)

    assert await waiting(office, account_id) == ["enrolment-ended"]
    for verb in (notices.read, notices.dismiss):
        with pytest.raises(NotFound):
            await verb(mine["id"], account_id, now=clock.now())

    back = events.enrolment(practice_id, patient_id)
    await office.know(events.account(account_id, back, email=None), version=3)

    assert sorted(await waiting(office, account_id)) == [
        "enrolment-ended",
        "practice-communication",
    ]


@pytest.mark.proves("UN-1")
async def test_a_session_renewed_after_the_un_enrolment_waits_for_notify_to_have_heard_of_it(
    office: Office, caller: Caller
) -> None:
    practice_id, patient_id, account_id = await office.with_patient(email=None)
    await office.file_communication(events.communication(practice_id, patient_id))
    renewed = await caller.as_person(account_id, account_version=2)
    gone = events.enrolment(practice_id, patient_id, EnrolmentState.UNENROLLED)

    for path in ("/notices", "/deliveries"):
        status, told = await caller.call("GET", path, token=renewed)
        assert (status, told["code"]) == (503, "catching_up")
    asked = asyncio.create_task(caller.call("GET", "/notices", token=renewed))
    await office.know(events.account(account_id, gone, email=None), version=2)

    assert await asked == (200, {"notices": []})


@pytest.mark.proves("UN-1")
async def test_a_practice_that_lost_a_patient_hides_nothing_of_another_s(office: Office) -> None:
    practice_id, patient_id, account_id = await office.with_patient(email=None)
    other_id, other_patient, _ = await office.with_patient(email=None)
    stays = events.enrolment(other_id, other_patient)
    both = events.enrolment(practice_id, patient_id), stays
    await office.forget_accounts()
    await office.know(events.account(account_id, *both, email=None), version=2)
    for one in both:
        await office.file_communication(events.communication(one.practice_id, one.patient_id))
    gone = events.enrolment(practice_id, patient_id, EnrolmentState.UNENROLLED)

    await office.know(events.account(account_id, gone, stays, email=None), version=3)

    (entry,) = await office.features.ledger.reading.of_account(account_id)
    assert entry.communication is not None
    assert entry.communication.practice_id == other_id
    assert await waiting(office, account_id) == ["practice-communication"]


async def test_a_link_is_never_a_notice(office: Office) -> None:
    account_id, event_id = events.new_account(), events.new_event()
    sealed = await office.seal("s" * 43, event_id, purpose=SealPurpose.EMAIL_VERIFICATION)
    claimed = events.enrolled(account_id, claim=Claim.VERIFY, sealed=sealed)
    await office.file(claimed, event_id=event_id)
    await office.file(events.enrolled(account_id, claim=None))
    await office.file(events.reminder_requested(account_id))

    assert await waiting(office, account_id) == []


@pytest.mark.proves("ID-6", "LG-2")
@pytest.mark.parametrize(
    ("data", "name"),
    [(events.email_verified, "account-email-verified"), (events.unlocked, "account-unlocked")],
)
async def test_a_new_way_in_and_an_unlock_are_mailed_and_noticed(
    office: Office, data: Callable[..., Activity], name: str
) -> None:
    account_id = events.new_account()

    await office.file(data(account_id, "a@mail.example"))
    await office.file(data(events.new_account(), "a@mail.example", "b@mail.example"))

    (entry,) = await office.features.ledger.reading.of_account(account_id)
    assert (entry.template, entry.address, entry.state) == (
        name,
        "a***@mail.example",
        State.QUEUED,
    )
    assert await waiting(office, account_id) == [name]
    rows = await office.rows("SELECT FROM notices")
    assert len(rows) == 2


async def test_one_event_at_two_replicas_is_one_notice(office: Office, twin: Office) -> None:
    account_id = events.new_account()
    data, event_id = events.locked(account_id), events.new_event()

    await asyncio.gather(*(replica.file(data, event_id=event_id) for replica in (office, twin) * 5))

    assert await waiting(office, account_id) == ["account-locked"]


async def test_a_dismissed_notice_does_not_come_back_when_its_event_does(
    office: Office, clock: FakeClock
) -> None:
    account_id = events.new_account()
    data = events.locked(account_id)
    event_id = await office.file(data)
    notice_id = await the_one(office, account_id)
    await office.features.notices.notices.dismiss(notice_id, account_id, now=clock.now())

    await office.file(data, event_id=event_id)

    assert await waiting(office, account_id) == []


@pytest.mark.proves("NT-8")
async def test_a_notice_is_read_and_dismissed_as_often_as_one_likes(
    office: Office, caller: Caller
) -> None:
    account_id = events.new_account()
    await office.file(events.locked(account_id))
    notice_id = await the_one(office, account_id)
    token = await caller.as_person(account_id)

    async def post(verb: str) -> int:
        status, _ = await caller.call("POST", f"/notices/{notice_id}/{verb}", token=token, body={})
        return status

    async def listed() -> list[Any]:
        _, body = await caller.call("GET", "/notices", token=token)
        return [notice["read"] for notice in body["notices"]]

    assert [await post("read"), await post("read")] == [204, 204]
    assert await listed() == [True]
    assert [await post("dismiss"), await post("dismiss"), await post("read")] == [204, 204, 204]
    assert await listed() == []


@pytest.mark.parametrize("verb", ["read", "dismiss"])
async def test_a_notice_of_another_is_not_there(office: Office, caller: Caller, verb: str) -> None:
    account_id, stranger = events.new_account(), events.new_account()
    await office.file(events.locked(account_id))
    notice_id = await the_one(office, account_id)
    token = await caller.as_person(stranger)
    ids = (notice_id, events.RANDOMNESS.uuid(), "no-uuid")

    told = [
        await caller.call("POST", f"/notices/{one}/{verb}", token=token, body={}) for one in ids
    ]

    assert [(status, body["code"]) for status, body in told] == [(404, "not_found")] * 3
    rows = await office.rows("SELECT read_at, dismissed_at FROM notices")
    assert [tuple(row) for row in rows] == [(None, None)]


async def test_racing_readers_and_dismissers_keep_the_first_moment_of_each(
    office: Office, twin: Office, clock: FakeClock
) -> None:
    account_id = events.new_account()
    await office.file(events.locked(account_id))
    notice_id = await the_one(office, account_id)
    await office.features.notices.notices.read(notice_id, account_id, now=START)
    clock.advance(minutes=1)

    await asyncio.gather(
        *(
            verb(notice_id, account_id, now=clock.now())
            for replica in (office, twin) * 4
            for verb in (
                replica.features.notices.notices.read,
                replica.features.notices.notices.dismiss,
            )
        )
    )

    (row,) = await office.rows("SELECT read_at, dismissed_at FROM notices")
    assert tuple(row) == (START, clock.now())


async def test_a_flood_of_practice_notices_hides_no_account_activity(
    office: Office, clock: FakeClock
) -> None:
    practice_id, patient_id, account_id = await office.with_patient(email=None)
    await office.file(events.locked(account_id))
    clock.advance(minutes=1)
    for number in range(101):
        await office.file_communication(
            events.communication(practice_id, patient_id, reference=str(number))
        )

    assert await waiting(office, account_id) == ["practice-communication"] * 100 + [
        "account-locked"
    ]


async def test_a_notice_is_written_in_the_zone_that_the_account_has_when_it_is_read(
    office: Office,
) -> None:
    account_id = events.new_account()
    await office.file(events.enrolment_added(account_id))
    moved = events.account(account_id, email=None, time_zone="America/New_York")
    await office.know(moved)

    ((_, told),) = await office.features.notices.notices.undismissed(account_id)

    assert "5 March 2031 at 04:00 (EST)" in told.text


async def test_the_survivor_of_a_merge_dismisses_the_absorbed_account_s_notices(
    office: Office, clock: FakeClock
) -> None:
    survivor, absorbed = events.new_account(), events.new_account()
    await office.file(events.locked(absorbed))
    await office.merge(events.merged(survivor, absorbed, events.ADDRESS))
    notice_id = await the_one(office, survivor)

    await office.features.notices.notices.dismiss(notice_id, survivor, now=clock.now())

    assert await waiting(office, survivor) == []


async def test_the_absorbed_account_does_not_see_the_survivor_s_notices(
    office: Office, clock: FakeClock
) -> None:
    survivor, absorbed = events.new_account(), events.new_account()
    await office.file(events.locked(survivor))
    await office.merge(events.merged(survivor, absorbed, events.ADDRESS))
    notice_id = await the_one(office, survivor)

    with pytest.raises(NotFound):
        await office.features.notices.notices.read(notice_id, absorbed, now=clock.now())
    assert await waiting(office, absorbed) == []


@pytest.mark.proves("MG-6")
@pytest.mark.parametrize("merged", [False, True])
async def test_a_merge_told_to_nobody_s_address_waits_in_the_portal(
    office: Office, merged: bool
) -> None:
    one, other = events.new_account(), events.new_account()
    if merged:
        await office.merge(events.merged(one, other))
    else:
        await office.file(events.merge_rejected(one, other))

    both = [await waiting(office, one), await waiting(office, other)]

    assert both == ([["accounts-merged"], []] if merged else [["merge-rejected"]] * 2)


@pytest.mark.proves("MG-6")
@pytest.mark.parametrize("first", [True, False], ids=["survivor", "absorbed"])
async def test_of_two_accounts_that_were_not_merged_the_one_without_an_address_gets_the_notice(
    office: Office, first: bool
) -> None:
    mailed, noticed = events.new_account(), events.new_account()
    if first:
        await office.file(events.merge_refused(mailed, noticed, events.ADDRESS))
    else:
        await office.file(events.merge_refused(noticed, mailed, of_absorbed=(events.ADDRESS,)))

    await office.send_all()

    seen = [await office.features.ledger.reading.of_account(each) for each in (mailed, noticed)]
    assert [[entry.state for entry in entries] for entries in seen] == [["sent"], ["failed"]]
    assert await waiting(office, mailed) == []
    assert await waiting(office, noticed) == ["merge-rejected"]
