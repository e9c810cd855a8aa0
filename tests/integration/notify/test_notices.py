"""Notices in the portal: for what could not be mailed, each once, and only one's own (NT-8)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from services.notify.ledger.model import State
from services.notify.notices.model import NoticeId
from services.notify.sending.verdicts import FEWEST_TRIES
from shared.contracts.identity import Activity, Claim, Enrolment, EnrolmentState
from shared.contracts.ids import AccountId
from shared.contracts.sealed import SealPurpose
from shared.errors import NotFound
from tests.builders import events
from tests.builders.patients import a_patient
from tests.rigs.issuer import Issuer
from tests.rigs.notify import Office
from tests.support.clock import START


async def waiting(office: Office, account_id: AccountId) -> list[str]:
    found = await office.features.notices.notices.undismissed(account_id)
    return [notice.template for notice, _ in found]


async def the_one(office: Office, account_id: AccountId) -> NoticeId:
    ((notice, _),) = await office.features.notices.notices.undismissed(account_id)
    return notice.id


@pytest.mark.proves("NT-8")
async def test_account_activity_without_an_address_is_a_notice(
    office: Office, issuer: Issuer
) -> None:
    account_id = events.new_account()
    await office.file(events.enrolment_ended(account_id))

    answer = await office.call("GET", "/notices", token=await issuer.token_of(account_id))

    assert answer.status == 200
    (notice,) = answer.body["notices"]
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
    patient = await a_patient(office, email=None)

    await patient.is_written_to()

    ((notice, told),) = await office.features.notices.notices.undismissed(patient.account_id)
    assert notice.template == "practice-communication"
    assert "Elm Street has a message for you" in told.text
    assert await office.ledger() == [("failed", "no_address")]


async def cannot_be_written_to(office: Office, account_id: AccountId) -> str:
    await office.file(events.locked(account_id, "a b@mail.example"))
    await office.send_all()
    return "address_invalid"


async def cannot_be_written_by_this_server(office: Office, account_id: AccountId) -> str:
    office.mail_server.utf8 = False
    await office.file(events.locked(account_id, "jürgen@mail.example"))
    await office.send_all()
    return "smtputf8_missing"


async def is_given_up(office: Office, account_id: AccountId) -> str:
    office.mail_server.strict.says["DATA"] = "451 4.3.0 in a while"
    await office.file(events.locked(account_id, events.ADDRESS))
    for _ in range(FEWEST_TRIES):
        await office.send_all()
        office.clock.advance(hours=8)
    return "gave_up"


@pytest.mark.proves("NT-8")
@pytest.mark.parametrize(
    "ends", [cannot_be_written_to, cannot_be_written_by_this_server, is_given_up]
)
async def test_account_activity_that_could_not_be_mailed_is_one_notice(
    office: Office, ends: Callable[[Office, AccountId], Awaitable[str]]
) -> None:
    account_id = events.new_account()

    reason = await ends(office, account_id)

    assert await office.ledger() == [("failed", reason)]
    assert await waiting(office, account_id) == ["account-locked"]
    await office.resend()
    for _ in range(FEWEST_TRIES):
        await office.send_all()
        office.clock.advance(hours=8)
    assert await office.ledger() == [("failed", reason)]
    assert await waiting(office, account_id) == ["account-locked"]


async def test_an_address_given_up_before_the_mail_went_out_makes_a_notice(office: Office) -> None:
    patient = await a_patient(office)
    await patient.is_written_to()
    await patient.changes(2, email=None)

    await office.send_all()

    assert office.mails == []
    assert await office.ledger() == [("failed", "no_address")]
    assert await patient.notices() == ["practice-communication"]


@pytest.mark.proves("UN-1")
async def test_a_practice_s_notice_is_out_of_the_session_while_its_patient_is_not_enrolled(
    office: Office,
) -> None:
    patient = await a_patient(office, email=None)
    await patient.is_written_to()
    await office.file(events.enrolment_ended(patient.account_id))
    notices, now = office.features.notices.notices, office.clock.advance(minutes=1)
    (mine,) = await office.rows("SELECT id FROM notices WHERE class = 'practice-communication'")

    await patient.changes(2, EnrolmentState.UNENROLLED, email=None)

    assert await patient.notices() == ["enrolment-ended"]
    for verb in (notices.read, notices.dismiss):
        with pytest.raises(NotFound):
            await verb(mine["id"], patient.account_id, now=now)

    await patient.changes(3, email=None)

    assert sorted(await patient.notices()) == ["enrolment-ended", "practice-communication"]


@pytest.mark.proves("UN-1")
async def test_a_session_renewed_after_the_un_enrolment_waits_for_notify_to_have_heard_of_it(
    office: Office, issuer: Issuer
) -> None:
    patient = await a_patient(office, email=None)
    await patient.is_written_to()
    renewed = await issuer.token_of(patient.account_id, version=2)

    for path in ("/notices", "/deliveries"):
        assert (await office.call("GET", path, token=renewed)).refused() == (503, "catching_up")
    asked = asyncio.create_task(office.call("GET", "/notices", token=renewed))
    await patient.changes(2, EnrolmentState.UNENROLLED, email=None)

    assert (await asked).body == {"notices": []}


@pytest.mark.proves("UN-1")
async def test_a_practice_that_lost_a_patient_hides_nothing_of_another_s(office: Office) -> None:
    patient, other = [await a_patient(office, email=None) for _ in range(2)]
    await office.forget_accounts()

    async def know(version: int, *enrolments: Enrolment) -> None:
        account = events.account(patient.account_id, *enrolments, email=None)
        await office.know(account, version=version)

    await know(2, patient.enrolment(), other.enrolment())
    await patient.is_written_to()
    await other.is_written_to()

    await know(3, patient.enrolment(EnrolmentState.UNENROLLED), other.enrolment())

    (entry,) = await office.features.ledger.reading.of_account(patient.account_id)
    assert entry.communication is not None
    assert entry.communication.practice_id == other.practice_id
    assert await patient.notices() == ["practice-communication"]


async def test_a_link_is_never_a_notice(office: Office) -> None:
    account_id, event_id = events.new_account(), events.new_event()
    sealed = await office.seal("s" * 43, event_id, purpose=SealPurpose.EMAIL_VERIFICATION)
    claimed = events.enrolled(account_id, claim=Claim.VERIFY, sealed=sealed)
    await office.file(claimed, event_id=event_id)
    await office.file(events.enrolled(account_id, claim=None))
    await office.file(events.reminder_requested(account_id))

    assert await waiting(office, account_id) == []


@pytest.mark.proves("ID-6", "LG-2", "RC-2b")
@pytest.mark.parametrize(
    ("data", "name"),
    [
        (events.email_changed, "account-email-changed"),
        (events.email_verified, "account-email-verified"),
        (events.unlocked, "account-unlocked"),
        (events.username_read, "username-read"),
    ],
)
async def test_a_new_way_in_and_what_a_practice_did_are_mailed_and_noticed(
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


async def test_a_dismissed_notice_does_not_come_back_when_its_event_does(office: Office) -> None:
    account_id = events.new_account()
    data = events.locked(account_id)
    event_id = await office.file(data)
    notice_id = await the_one(office, account_id)
    await office.features.notices.notices.dismiss(notice_id, account_id, now=office.clock.now())

    await office.file(data, event_id=event_id)

    assert await waiting(office, account_id) == []


@pytest.mark.proves("NT-8")
async def test_a_notice_is_read_and_dismissed_again_and_again(
    office: Office, issuer: Issuer
) -> None:
    account_id = events.new_account()
    await office.file(events.locked(account_id))
    path, token = f"/notices/{await the_one(office, account_id)}", await issuer.token_of(account_id)

    async def posted(*verbs: str) -> list[int]:
        return [
            (await office.call("POST", f"{path}/{verb}", {}, token=token)).status for verb in verbs
        ]

    async def listed() -> list[Any]:
        answer = await office.call("GET", "/notices", token=token)
        return [notice["read"] for notice in answer.body["notices"]]

    assert await posted("read", "read") == [204, 204]
    assert await listed() == [True]
    assert await posted("dismiss", "dismiss", "read") == [204, 204, 204]
    assert await listed() == []


async def test_racing_readers_and_dismissers_keep_the_first_moment_of_each(
    office: Office, twin: Office
) -> None:
    account_id = events.new_account()
    await office.file(events.locked(account_id))
    notice_id = await the_one(office, account_id)
    await office.features.notices.notices.read(notice_id, account_id, now=START)
    now = office.clock.advance(minutes=1)
    replicas = [replica.features.notices.notices for replica in (office, twin) * 4]

    await asyncio.gather(
        *(one.read(notice_id, account_id, now=now) for one in replicas),
        *(one.dismiss(notice_id, account_id, now=now) for one in replicas),
    )

    (row,) = await office.rows("SELECT read_at, dismissed_at FROM notices")
    assert tuple(row) == (START, now)


async def test_a_notice_is_written_in_the_zone_of_when_it_is_read(office: Office) -> None:
    account_id = events.new_account()
    await office.file(events.enrolment_added(account_id))
    await office.know(events.account(account_id, email=None, time_zone="America/New_York"))

    ((_, told),) = await office.features.notices.notices.undismissed(account_id)

    assert "March 5, 2031, 4:00 AM (EST)" in told.text


async def test_a_survivor_has_the_notices_of_both_accounts_and_the_absorbed_account_none_of_its(
    office: Office,
) -> None:
    survivor, absorbed = events.new_account(), events.new_account()
    notices, now = office.features.notices.notices, office.clock.now()
    await office.file(events.locked(survivor))
    own = await the_one(office, survivor)
    await office.file(events.locked(absorbed))
    await office.merge(events.merged(survivor, absorbed, events.ADDRESS))
    both = [notice.id for notice, _ in await notices.undismissed(survivor)]

    assert len(both) == 2
    assert own not in [notice.id for notice, _ in await notices.undismissed(absorbed)]
    with pytest.raises(NotFound):
        await notices.read(own, absorbed, now=now)
    for notice_id in both:
        await notices.dismiss(notice_id, survivor, now=now)
    assert await waiting(office, survivor) == []


@pytest.mark.proves("MG-6")
@pytest.mark.parametrize("merged", [False, True])
async def test_a_merge_told_to_nobody_s_address_is_a_notice(office: Office, merged: bool) -> None:
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
    assert [await waiting(office, each) for each in (mailed, noticed)] == [[], ["merge-rejected"]]
