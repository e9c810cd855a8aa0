"""Events become deliveries, once; links die on time; projections take the newer (NT-5, NT-6)."""

import asyncio
from datetime import timedelta

import pytest

from deploy.local.caught import FaultKind
from services.notify.ledger.errors import PatientUnknown, PracticeUnknown
from services.notify.ledger.ledger import PATIENCE
from shared.contracts.identity import AccountState, Claim, EnrolmentState
from shared.contracts.ids import PatientId, PracticeId
from shared.contracts.sealed import SealPurpose
from shared.messaging.subscriptions import Undeliverable
from tests.builders import events
from tests.builders.events import ADDRESS
from tests.integration.notify.mail_server import MailServer
from tests.rigs.notify import Office
from tests.support.clock import START, FakeClock

SECRET = "s" * 43
LINK = f"https://portal.example/reset-password#{SECRET}"


@pytest.mark.proves("NT-6")
async def test_one_event_told_again_and_again_is_one_mail(
    office: Office, mail_server: MailServer
) -> None:
    data = events.locked(events.new_account(), ADDRESS, ADDRESS, ADDRESS.upper())
    event_id = await office.file(data)

    await asyncio.gather(*(office.file(data, event_id=event_id) for _ in range(8)))
    await office.send_all()
    await office.file(data, event_id=event_id)
    await office.send_all()

    assert len(mail_server.mails) == 1


async def test_a_communication_told_again_after_the_address_changed_is_one_mail(
    office: Office, mail_server: MailServer
) -> None:
    practice_id, patient_id, account_id = await office.with_patient()
    data = events.communication(practice_id, patient_id)
    event_id = await office.file_communication(data)
    await office.send_all()
    enrolment = events.enrolment(practice_id, patient_id)
    await office.know(events.account(account_id, enrolment, email="new@mail.example"), version=2)

    await office.file_communication(data, event_id=event_id)
    await office.send_all()

    assert len(mail_server.mails) == 1


async def test_couriers_are_woken_by_the_commit_of_what_was_filed_and_not_before_it(
    office: Office,
) -> None:
    wakes = office.features.sending.wakes
    event = events.received(events.locked(events.new_account(), ADDRESS))
    async with office.plumbing.database.transaction() as tx:
        await office.features.ledger.ledger.file_activity(tx, event)
        before = [wake.is_set() for wake in wakes]

    assert not any(before)
    assert len(wakes) > 1
    assert all(wake.is_set() for wake in wakes)


async def test_old_and_new_address_are_both_told(office: Office, mail_server: MailServer) -> None:
    await office.file(events.locked(events.new_account(), "old@mail.example", "new@mail.example"))

    await office.send_all()

    reached = {address for mail in mail_server.mails for address in mail.envelope_to}
    assert reached == {"old@mail.example", "new@mail.example"}


@pytest.mark.proves("NT-1")
async def test_without_an_address_the_ledger_says_so(office: Office) -> None:
    await office.file(events.locked(events.new_account()))
    await office.file(events.enrolled(events.new_account(), claim=None))
    practice_id, patient_id, _ = await office.with_patient(email=None)
    await office.file_communication(events.communication(practice_id, patient_id))

    assert await office.send_all() == 0

    assert await office.ledger() == [("failed", "no_address")] * 3


async def test_a_link_is_mailed_and_its_seal_then_removed(
    office: Office, mail_server: MailServer
) -> None:
    await office.file_link(events.new_account(), secret=SECRET)
    rows = await office.rows("SELECT deliveries::text AS everything FROM deliveries")
    assert SECRET not in rows[0]["everything"]

    await office.send_all()

    (mail,) = mail_server.mails
    assert LINK in mail.text.splitlines()
    assert f'href="{LINK}"' in mail.html
    (row,) = await office.rows("SELECT sealed, state FROM deliveries")
    assert tuple(row) == (None, "sent")


@pytest.mark.parametrize(
    ("answers", "kept"),
    [
        ((), False),
        ((FaultKind.REFUSE,), False),
        ((FaultKind.TEMPFAIL,), True),  # it is sent again
    ],
    ids=["sent", "failed", "queued"],
)
async def test_a_username_is_kept_no_longer_than_its_mail_is_to_be_sent(
    office: Office, mail_server: MailServer, answers: tuple[FaultKind, ...], kept: bool
) -> None:
    await office.file(events.reminder_requested(events.new_account(), ADDRESS))
    for answer in answers:
        mail_server.fail(answer)

    await office.send_all()

    assert ("juniper.hale" in await contents(office)) is kept


async def contents(office: Office) -> str:
    """Everything that the ledger keeps of its mails' contents."""
    rows = await office.rows("SELECT content::text FROM deliveries")
    return "".join(row["content"] for row in rows)


@pytest.mark.proves("NT-6")
async def test_an_expired_link_is_never_sent_late(
    office: Office, mail_server: MailServer, clock: FakeClock
) -> None:
    await office.file_link(events.new_account(), life=timedelta(minutes=60))
    clock.advance(minutes=60)

    await office.send_all()

    assert mail_server.mails == []
    assert await office.ledger() == [("expired", "link_expired")]


async def test_a_link_goes_out_in_the_last_second_of_its_life(
    office: Office, clock: FakeClock
) -> None:
    await office.file_link(events.new_account(), life=timedelta(minutes=60))
    clock.advance(minutes=59, seconds=59)

    await office.send_all()

    assert await office.ledger() == [("sent", None)]


async def test_the_seal_of_an_expired_link_goes_though_no_courier_comes(
    office: Office, clock: FakeClock
) -> None:
    await office.file_link(events.new_account(), life=timedelta(minutes=60))
    clock.advance(minutes=60)

    await office.features.sending.reaper.once()

    (row,) = await office.rows("SELECT state, sealed FROM deliveries")
    assert tuple(row) == ("expired", None)


@pytest.mark.proves("NT-6")
@pytest.mark.parametrize("newer_first", [False, True])
async def test_an_older_link_is_not_mailed_beside_a_newer_one(
    office: Office, mail_server: MailServer, newer_first: bool
) -> None:
    account_id = events.new_account()
    older, newer = ("o" * 43, START), ("n" * 43, START + timedelta(minutes=2))
    for secret, at in (newer, older) if newer_first else (older, newer):
        await office.file_link(account_id, secret=secret, at=at)

    await office.send_all()

    (mail,) = mail_server.mails
    assert "n" * 43 in mail.text
    assert sorted(await office.ledger()) == [("cancelled", "superseded"), ("sent", None)]


async def test_a_reset_password_drops_links_asked_for_before(
    office: Office, mail_server: MailServer
) -> None:
    account_id = events.new_account()
    await office.file_link(account_id)
    await office.file(events.password_reset(account_id, ADDRESS, at=START + timedelta(seconds=1)))

    await office.send_all()

    assert [mail.subject for mail in mail_server.mails] == ["Your Portico password was set anew"]


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


async def test_a_secret_sealed_for_somebody_else_is_not_mailed(
    office: Office, mail_server: MailServer
) -> None:
    ids = [events.new_event() for _ in range(3)]
    seals = (
        await office.seal(SECRET, ids[0], recipient="other@mail.example"),
        await office.seal(SECRET, ids[1], purpose=SealPurpose.EMAIL_VERIFICATION),
        await office.seal(SECRET, events.new_event()),
    )
    for event_id, sealed in zip(ids, seals, strict=True):
        data = events.link_requested(events.new_account(), ADDRESS, sealed)
        await office.file(data, event_id=event_id)

    await office.send_all()

    assert mail_server.mails == []
    assert await office.ledger() == [("failed", "seal_broken")] * 3


async def test_a_claim_to_verify_without_a_link_is_a_dead_letter(office: Office) -> None:
    data = events.verification_requested(events.new_account(), ADDRESS, None)

    with pytest.raises(Undeliverable):
        await office.file(data)


async def test_a_taken_address_is_told_without_a_link(
    office: Office, mail_server: MailServer
) -> None:
    account_id = events.new_account()
    await office.file(events.verification_requested(account_id, ADDRESS, None, claim=Claim.TAKEN))
    await office.file(events.enrolled(account_id, ADDRESS, claim=Claim.TAKEN))

    await office.send_all()

    assert len(mail_server.mails) == 2
    assert all("#" not in mail.text for mail in mail_server.mails)
    assert all("Elm Street" not in mail.text for mail in mail_server.mails)


async def test_what_has_not_been_heard_of_yet_is_tried_again_later(office: Office) -> None:
    practice_id, patient_id = PracticeId(events.new_event()), PatientId(events.new_event())
    data = events.communication(practice_id, patient_id)

    with pytest.raises(PracticeUnknown):
        await office.file_communication(data)
    await office.know_practice(events.practice(practice_id))
    with pytest.raises(PatientUnknown):
        await office.file_communication(data)


@pytest.mark.proves("NT-2")
async def test_who_is_no_longer_enrolled_gets_nothing_from_the_practice(
    office: Office, mail_server: MailServer
) -> None:
    practice_id, patient_id, account_id = await office.with_patient()
    await office.file_communication(events.communication(practice_id, patient_id))
    gone = events.enrolment(practice_id, patient_id, EnrolmentState.UNENROLLED)
    await office.know(events.account(account_id, gone), version=2)
    later = events.communication(practice_id, patient_id, reference="2")
    with pytest.raises(PatientUnknown):  # she may have been enrolled again just now
        await office.file_communication(later, attempts=PATIENCE - 1)
    await office.file_communication(later, attempts=PATIENCE)

    await office.send_all()

    assert mail_server.mails == []
    assert sorted(await office.ledger()) == [
        ("cancelled", "not_enrolled"),
        ("failed", "not_enrolled"),
    ]


async def test_who_is_enrolled_again_is_written_to_again(
    office: Office, mail_server: MailServer
) -> None:
    practice_id, patient_id, account_id = await office.with_patient()
    for version, state in ((2, EnrolmentState.UNENROLLED), (3, EnrolmentState.ENROLLED)):
        await office.know(
            events.account(account_id, events.enrolment(practice_id, patient_id, state)),
            version=version,
        )
        await office.file_communication(
            events.communication(practice_id, patient_id, reference=str(version)),
            attempts=PATIENCE,
        )
        await office.send_all()

    assert len(mail_server.mails) == 1
    assert sorted(await office.ledger()) == [("failed", "not_enrolled"), ("sent", None)]


@pytest.mark.proves("UN-1")
async def test_what_a_practice_had_sent_is_out_of_the_session_while_its_patient_is_not_enrolled(
    office: Office,
) -> None:
    practice_id, patient_id, account_id = await office.with_patient()
    await office.file_communication(events.communication(practice_id, patient_id))
    await office.file(events.locked(account_id, ADDRESS))

    async def seen(version: int, state: EnrolmentState) -> list[str]:
        enrolment = events.enrolment(practice_id, patient_id, state)
        await office.know(events.account(account_id, enrolment), version=version)
        found = await office.features.ledger.reading.of_account(account_id)
        return sorted(entry.template for entry in found)

    assert await seen(2, EnrolmentState.UNENROLLED) == ["account-locked"]
    assert len(await office.features.ledger.reading.of_practice(practice_id)) == 1
    assert await seen(3, EnrolmentState.ENROLLED) == ["account-locked", "practice-communication"]


@pytest.mark.proves("NT-2")
async def test_a_communication_goes_to_the_address_the_account_has_when_it_is_sent(
    office: Office, mail_server: MailServer
) -> None:
    practice_id, patient_id, account_id = await office.with_patient()
    await office.file_communication(events.communication(practice_id, patient_id))
    enrolment = events.enrolment(practice_id, patient_id)
    await office.know(events.account(account_id, enrolment, email="new@mail.example"), version=2)

    await office.send_all()

    (mail,) = mail_server.mails
    assert mail.envelope_to == ("new@mail.example",)
    (seen,) = await office.features.ledger.reading.of_account(account_id)
    assert seen.address == "n***@mail.example"


async def test_a_snapshot_is_applied_only_if_it_is_newer(office: Office) -> None:
    account_id = events.new_account()
    versions = {3: "three@mail.example", 1: "one@mail.example", 2: "two@mail.example"}

    await asyncio.gather(
        *(
            office.know(events.account(account_id, email=email), version=version)
            for version, email in versions.items()
        )
    )
    await office.know(events.account(account_id, email="again@mail.example"), version=3)

    (row,) = await office.rows("SELECT version, email FROM accounts")
    assert tuple(row) == (3, "three@mail.example")


async def test_the_patient_records_are_those_of_the_newest_snapshot_in_whatever_order_they_come(
    office: Office, twin: Office
) -> None:
    practice_id, account_id = PracticeId(events.new_event()), events.new_account()
    patients = [PatientId(events.new_event()) for _ in range(6)]
    kept = {patients[5]: "un-enrolled", patients[4]: "enrolled"}

    await asyncio.gather(
        *(
            replica.know(
                events.account(
                    account_id,
                    *(
                        events.enrolment(practice_id, patient_id)
                        for patient_id in patients[:version]
                    ),
                ),
                version=version,
            )
            for version in range(5)
            for replica in (office, twin)
        ),
        office.know(
            events.account(
                account_id,
                *(
                    events.enrolment(practice_id, patient_id, EnrolmentState(state))
                    for patient_id, state in kept.items()
                ),
            ),
            version=5,
        ),
    )

    rows = await office.rows("SELECT patient_id, state FROM patient_records")
    assert {row["patient_id"]: row["state"] for row in rows} == kept


async def test_an_address_that_could_break_out_of_its_header_is_not_sent_to(
    office: Office, mail_server: MailServer
) -> None:
    for address in ("a@b.example\r\nBcc: c@d.example", "a b@c.example", "a@b.example>", "nobody"):
        await office.file(events.locked(events.new_account(), address))

    await office.send_all()

    assert mail_server.mails == []
    assert set(await office.ledger()) == {("failed", "address_invalid")}


async def test_an_unknown_locale_and_time_zone_hold_up_no_mail(
    office: Office, mail_server: MailServer
) -> None:
    data = events.locked(events.new_account(), ADDRESS, locale="../xx", time_zone="../Moon")
    await office.file(data)

    await office.send_all()

    (mail,) = mail_server.mails
    assert "5 March 2031 at 09:20 (UTC)" in mail.text
