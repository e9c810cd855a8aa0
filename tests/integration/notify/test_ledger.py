"""Events become deliveries, once; links die on time; projections take the newer (NT-5, NT-6)."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

import pytest

from deploy.local.caught import FaultKind
from services.notify.ledger.errors import PatientUnknown, PracticeUnknown
from services.notify.ledger.ledger import PATIENCE
from services.notify.preferences.model import Means
from services.notify.sending import verdicts
from services.notify.sending.alarms import Cause
from services.notify.tellings.model import MessageClass
from shared.contracts.identity import (
    AccountChanged,
    AccountState,
    Activity,
    Claim,
    EnrolmentState,
)
from shared.contracts.ids import EventId, PatientId, PracticeId
from shared.contracts.sealed import SealPurpose
from shared.messaging.subscriptions import Undeliverable
from tests.builders import events
from tests.builders.communications import communication
from tests.builders.events import ADDRESS
from tests.builders.patients import a_patient
from tests.rigs.notify import Office
from tests.support.clock import START

SECRET = "s" * 43
RESET = "Set a new Portico password"
LINK = f"https://portal.example/reset-password#{SECRET}"


@pytest.mark.proves("NT-6")
async def test_one_event_told_again_and_again_is_one_mail_to_the_old_and_the_new_address_each(
    office: Office,
) -> None:
    new = "new@mail.example"
    data = events.locked(events.new_account(), ADDRESS, ADDRESS, ADDRESS.upper(), new)
    event_id = await office.file(data)

    await asyncio.gather(*(office.file(data, event_id=event_id) for _ in range(8)))
    await office.send_all()
    await office.file(data, event_id=event_id)
    await office.send_all()

    assert sorted(mail.envelope_to for mail in office.mails) == [(ADDRESS,), (new,)]


@pytest.mark.proves("NT-6")
@pytest.mark.parametrize(
    ("recipients", "count"),
    [
        (("anna@stra\u00dfe.example", "anna@strasse.example"), 2),
        (("\ufb01ona@mail.example", "fiona@mail.example"), 2),
        (("anna@b\u00fccher.example", "Anna@xn--bcher-kva.example"), 1),
    ],
)
async def test_each_mailbox_is_told_once_and_none_for_another_that_looks_alike(
    office: Office, recipients: tuple[str, ...], count: int
) -> None:
    data = events.locked(events.new_account(), *recipients)
    event_id = await office.file(data)

    await office.file(data, event_id=event_id)
    await office.send_all()

    assert len(office.mails) == count
    assert len({mail.envelope_to for mail in office.mails}) == count


async def test_an_address_of_ascii_is_known_by_what_releases_before_knew_it_by(
    office: Office,
) -> None:
    await office.file(events.locked(events.new_account(), ADDRESS.upper()))

    (row,) = await office.rows("SELECT recipient_digest FROM deliveries")
    digests = office.features.ledger.ledger.digests
    assert row["recipient_digest"] == digests.of("recipient", f"mailto:{ADDRESS}")


async def test_a_communication_told_again_at_a_new_address_is_one_mail(office: Office) -> None:
    patient = await a_patient(office)
    event_id = await patient.is_written_to()
    await office.send_all()
    await patient.changes(2, email="new@mail.example")

    await patient.is_written_to(event_id=event_id)
    await office.send_all()

    assert len(office.mails) == 1


async def test_couriers_are_woken_by_the_commit_of_what_was_filed(office: Office) -> None:
    wakes, others = (office.features.sending.wakes[of, Means.EMAIL] for of in MessageClass)
    event = events.received(events.locked(events.new_account(), ADDRESS))
    async with office.plumbing.database.transaction() as tx:
        await office.features.ledger.ledger.file_activity(tx, event)
        before = [wake.is_set() for wake in wakes]

    assert not any(before)
    assert len(wakes) > 1
    assert all(wake.is_set() for wake in wakes)
    assert not any(wake.is_set() for wake in others)


@pytest.mark.proves("NT-1")
async def test_without_an_address_the_ledger_says_so(office: Office) -> None:
    await office.file(events.locked(events.new_account()))
    await office.file(events.enrolled(events.new_account(), claim=None))
    await (await a_patient(office, email=None)).is_written_to()

    assert await office.send_all() == 0

    assert await office.ledger() == [("failed", "no_address")] * 3


async def test_a_link_is_mailed_and_its_seal_then_removed(office: Office) -> None:
    await office.file_link(events.new_account(), secret=SECRET)
    rows = await office.rows("SELECT deliveries::text AS everything FROM deliveries")
    assert SECRET not in rows[0]["everything"]

    await office.send_all()

    (mail,) = office.mails
    assert LINK in mail.text.splitlines()
    assert f'href="{LINK}"' in mail.html
    (row,) = await office.rows("SELECT sealed, state FROM deliveries")
    assert tuple(row) == (None, "sent")


@pytest.mark.parametrize(
    ("answer", "kept"),
    [(None, False), (FaultKind.REFUSE, False), (FaultKind.TEMPFAIL, True)],  # sent again
)
async def test_a_username_is_kept_no_longer_than_its_mail_is_to_be_sent(
    office: Office, answer: FaultKind | None, kept: bool
) -> None:
    await office.file(events.reminder_requested(events.new_account(), ADDRESS))
    if answer:
        office.mail_server.fail(answer)

    await office.send_all()

    (row,) = await office.rows("SELECT content::text FROM deliveries")
    assert ("juniper.hale" in row["content"]) is kept


@pytest.mark.proves("NT-6", "RC-1")
@pytest.mark.parametrize("file", [Office.file_link, Office.file_reminder])
@pytest.mark.parametrize(
    ("seconds", "end"), [(3599, ("sent", None)), (3600, ("expired", "link_expired"))]
)
async def test_a_secret_goes_out_in_the_last_second_of_its_life_and_never_later(
    office: Office, file: Callable[..., Awaitable[EventId]], seconds: int, end: tuple[str, str]
) -> None:
    await file(office, events.new_account(), life=timedelta(minutes=60))
    office.clock.advance(seconds=seconds)

    await office.send_all()

    assert await office.ledger() == [end]
    assert len(office.mails) == (end[0] == "sent")


async def test_the_seal_of_an_expired_link_goes_though_no_courier_comes(office: Office) -> None:
    await office.file_link(events.new_account(), life=timedelta(minutes=60))
    office.clock.advance(minutes=60)

    await office.features.sending.reaper.once()

    (row,) = await office.rows("SELECT state, sealed FROM deliveries")
    assert tuple(row) == ("expired", None)


@pytest.mark.proves("NT-6")
@pytest.mark.parametrize("newer_first", [False, True])
async def test_no_older_link_is_mailed_beside_a_newer_one(
    office: Office, newer_first: bool
) -> None:
    account_id = events.new_account()
    older, newer = ("o" * 43, START), ("n" * 43, START + timedelta(minutes=2))
    for secret, at in (newer, older) if newer_first else (older, newer):
        await office.file_link(account_id, secret=secret, at=at)

    await office.send_all()

    (mail,) = office.mails
    assert "n" * 43 in mail.text
    assert sorted(await office.ledger()) == [("cancelled", "superseded"), ("sent", None)]


@pytest.mark.proves("RC-3", "NT-6")
@pytest.mark.parametrize(
    ("change", "subject"),
    [
        (events.password_reset, "Your Portico password was set anew"),
        (events.password_changed, "Your Portico password was changed"),
        (events.two_step_turned_off, "Two-step verification is off for your Portico account"),
        (events.frozen, "Your Portico account is frozen"),
    ],
)
async def test_a_changed_credential_drops_links_asked_for_before_and_none_of_after(
    office: Office, change: Callable[..., Activity], subject: str
) -> None:
    account_id = events.new_account()
    await office.file_link(account_id)
    await office.file(change(account_id, ADDRESS, at=START + timedelta(seconds=1)))
    await office.file_link(account_id, secret="n" * 43, at=START + timedelta(seconds=2))

    await office.send_all()

    assert sorted(mail.subject for mail in office.mails) == sorted([subject, RESET])
    assert ["n" * 43 in mail.text for mail in office.mails if mail.subject == RESET] == [True]


@pytest.mark.proves("RC-3", "NT-6")
async def test_a_link_to_an_address_that_was_changed_meanwhile_is_superseded_and_no_alarm(
    office: Office,
) -> None:
    account_id, new = events.new_account(), "new@mail.example"
    await office.file_link(account_id)
    at = office.clock.advance(seconds=1)
    await office.file(events.email_changed(account_id, ADDRESS, new, at=at))
    await office.know(events.account(account_id, email=new), version=2)
    office.clock.advance(seconds=verdicts.PATIENCE.total_seconds())

    await office.send_all()

    assert Counter(await office.ledger()) == {("cancelled", "superseded"): 1, ("sent", None): 2}
    assert office.alarms(Cause.ADDRESS_FOREIGN) == 0


@pytest.mark.parametrize(
    ("state", "reason"),
    [(AccountState.MERGED, "account_merged"), (AccountState.FROZEN, "account_frozen")],
)
async def test_a_link_of_an_account_that_is_gone_is_dropped(
    office: Office, state: AccountState, reason: str
) -> None:
    account_id = events.new_account()
    await office.file_link(account_id)
    await office.know(events.account(account_id, state=state))

    await office.send_all()

    assert await office.ledger() == [("cancelled", reason)]


async def test_a_secret_sealed_for_something_or_somebody_else_is_not_mailed(office: Office) -> None:
    ids = [events.new_event() for _ in range(3)]
    seals = (
        await office.seal(SECRET, ids[0], recipient="other@mail.example"),
        await office.seal(SECRET, ids[1], purpose=SealPurpose.EMAIL_VERIFICATION),
        await office.seal(SECRET, events.new_event()),
    )
    for event_id, sealed in zip(ids, seals, strict=True):
        data = events.link_requested(events.new_account(), ADDRESS, sealed)
        await office.file(data, event_id=event_id)
    event_id = events.new_event()
    link = await office.seal(SECRET, event_id, purpose=SealPurpose.RESET_LINK)
    reminder = events.sealed_reminder(events.new_account(), link, ADDRESS)
    await office.file(reminder, event_id=event_id)

    await office.send_all()

    assert office.mails == []
    assert await office.ledger() == [("failed", "seal_broken")] * 4


async def test_a_claim_to_verify_without_a_link_is_a_dead_letter(office: Office) -> None:
    data = events.verification_requested(events.new_account(), ADDRESS, None)

    with pytest.raises(Undeliverable):
        await office.file(data)


async def test_a_taken_address_is_told_without_a_link(office: Office) -> None:
    account_id = events.new_account()
    await office.file(events.verification_requested(account_id, ADDRESS, None, claim=Claim.TAKEN))
    await office.file(events.enrolled(account_id, ADDRESS, claim=Claim.TAKEN))

    await office.send_all()

    assert len(office.mails) == 2
    assert all("#" not in mail.text for mail in office.mails)
    assert all("Elm Street" not in mail.text for mail in office.mails)


async def test_what_has_not_been_heard_of_yet_is_tried_again_later(office: Office) -> None:
    practice_id, patient_id = PracticeId(events.new_event()), PatientId(events.new_event())
    data = communication(practice_id, patient_id)

    with pytest.raises(PracticeUnknown):
        await office.file_communication(data)
    await office.know_practice(events.practice(practice_id))
    with pytest.raises(PatientUnknown):
        await office.file_communication(data)


@pytest.mark.proves("NT-2")
async def test_who_is_no_longer_enrolled_gets_nothing_from_the_practice(office: Office) -> None:
    patient = await a_patient(office)
    await patient.is_written_to()
    await patient.changes(2, EnrolmentState.UNENROLLED)
    with pytest.raises(PatientUnknown):  # she may have been enrolled again just now
        await patient.is_written_to("2", attempts=PATIENCE - 1)
    await patient.is_written_to("2", attempts=PATIENCE)

    await office.send_all()

    assert office.mails == []
    assert sorted(await office.ledger()) == [
        ("cancelled", "not_enrolled"),
        ("failed", "not_enrolled"),
    ]


async def test_who_is_enrolled_again_is_written_to_again(office: Office) -> None:
    patient = await a_patient(office)
    for version, state in ((2, EnrolmentState.UNENROLLED), (3, EnrolmentState.ENROLLED)):
        await patient.changes(version, state)
        await patient.is_written_to(str(version), attempts=PATIENCE)
        await office.send_all()

    assert len(office.mails) == 1
    assert sorted(await office.ledger()) == [("failed", "not_enrolled"), ("sent", None)]


@pytest.mark.proves("UN-1")
async def test_what_a_practice_had_sent_is_out_of_the_session_while_its_patient_is_not_enrolled(
    office: Office,
) -> None:
    patient = await a_patient(office)
    await patient.is_written_to()
    await office.file(events.locked(patient.account_id, ADDRESS))

    await patient.changes(2, EnrolmentState.UNENROLLED)
    assert await patient.mails() == ["account-locked"]
    assert len(await office.ledger_of(patient.practice_id)) == 1
    await patient.changes(3)
    assert sorted(await patient.mails()) == ["account-locked", "practice-communication"]


@pytest.mark.proves("NT-2")
async def test_a_communication_goes_to_the_address_of_when_it_is_sent(office: Office) -> None:
    patient = await a_patient(office)
    await patient.is_written_to()
    await patient.changes(2, email="new@mail.example")

    await office.send_all()

    (mail,) = office.mails
    assert mail.envelope_to == ("new@mail.example",)
    (seen,) = await office.features.ledger.reading.of_account(patient.account_id)
    assert seen.address == "n***@mail.example"


async def test_the_patient_records_are_those_of_the_newest_snapshot_in_whatever_order_they_come(
    office: Office, twin: Office
) -> None:
    practice_id, account_id = PracticeId(events.new_event()), events.new_account()
    patients = [PatientId(events.new_event()) for _ in range(6)]
    kept = {patients[5]: EnrolmentState.UNENROLLED, patients[4]: EnrolmentState.ENROLLED}

    def snapshot(records: Mapping[PatientId, EnrolmentState]) -> AccountChanged:
        found = (events.enrolment(practice_id, one, state) for one, state in records.items())
        return events.account(account_id, *found)

    older = [
        snapshot(dict.fromkeys(patients[:version], EnrolmentState.ENROLLED)) for version in range(5)
    ]
    await asyncio.gather(
        *(
            replica.know(each, version=version)
            for version, each in enumerate(older)
            for replica in (office, twin)
        ),
        office.know(snapshot(kept), version=5),
    )

    rows = await office.rows("SELECT patient_id, state FROM patient_records")
    assert {row["patient_id"]: row["state"] for row in rows} == kept


async def test_an_address_that_could_break_out_of_its_header_is_not_sent_to(office: Office) -> None:
    for address in ("a@b.example\r\nBcc: c@d.example", "a b@c.example", "a@b.example>", "nobody"):
        await office.file(events.locked(events.new_account(), address))

    await office.send_all()

    assert office.mails == []
    assert set(await office.ledger()) == {("failed", "address_invalid")}


async def test_an_unknown_locale_and_time_zone_hold_up_no_mail(office: Office) -> None:
    data = events.locked(events.new_account(), ADDRESS, locale="../xx", time_zone="../Moon")
    await office.file(data)

    await office.send_all()

    (mail,) = office.mails
    assert "March 5, 2031, 9:20 AM (UTC)" in mail.text
