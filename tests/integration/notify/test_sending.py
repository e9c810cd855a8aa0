"""What a courier does with each answer of a mail server (NT-5, NT-6)."""

from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
import pytest

from deploy.local.caught import FaultKind
from services.notify.sending.channels import BeforeDot, Mail
from services.notify.sending.errors import MailServerAway
from services.notify.sending.model import Answer
from services.notify.sending.verdicts import FEWEST_TRIES
from tests.builders import events
from tests.builders.events import ADDRESS
from tests.integration.notify.mail_server import MailServer
from tests.rigs.notify import Office
from tests.support.clock import FakeClock
from tests.support.database import Database

MINUTES_OF_BACK_OFF = 20  # longer than any wait for another try


async def file_lock(office: Office) -> None:
    await office.file(events.locked(events.new_account(), ADDRESS))


async def file_communication(office: Office) -> None:
    practice_id, patient_id, _ = await office.with_patient()
    await office.file_communication(events.communication(practice_id, patient_id))


@pytest.mark.proves("NT-1", "NT-5")
async def test_account_activity_goes_to_the_address_it_was_told_for(
    office: Office, mail_server: MailServer
) -> None:
    await file_lock(office)

    await office.send_all()

    (mail,) = mail_server.to(ADDRESS)
    assert "locked" in mail.subject
    assert await office.ledger() == [("sent", None)]
    assert await office.attempts() == [("answered", "accepted", 250)]


async def test_a_refused_recipient_is_final(office: Office, mail_server: MailServer) -> None:
    await file_lock(office)
    mail_server.fail(FaultKind.REFUSE)

    await office.send_all()

    assert await office.ledger() == [("failed", "refused")]
    rows = await office.rows("SELECT phase, outcome, smtp_code, enhanced_code FROM attempts")
    assert [tuple(row) for row in rows] == [("before-dot", "refused", 550, "5.1.1")]


async def test_a_temporary_refusal_is_tried_again_after_a_while(
    office: Office, mail_server: MailServer, clock: FakeClock
) -> None:
    await file_lock(office)
    mail_server.fail(FaultKind.TEMPFAIL)
    await office.send_all()
    assert await office.ledger() == [("queued", None)]

    clock.advance(seconds=7)
    await office.send_all()

    assert await office.ledger() == [("sent", None)]
    assert [outcome for _, outcome, _ in await office.attempts()] == ["deferred", "accepted"]


@pytest.mark.parametrize(
    ("moment", "time_zone"),
    [
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), "Pacific/Kiritimati"),
        (datetime(1, 1, 1, tzinfo=UTC), "America/New_York"),
    ],
)
async def test_a_mail_that_cannot_be_written_fails_with_its_reason(
    office: Office, moment: datetime, time_zone: str
) -> None:
    data = events.locked(events.new_account(), ADDRESS, time_zone=time_zone)
    await office.file(msgspec.structs.replace(data, locked_until=moment))

    await office.send_all()

    assert await office.ledger() == [("failed", "not_renderable")]


@dataclass(frozen=True, slots=True)
class Broken:
    """A channel with a fault of its own, before the final dot or after it."""

    after_dot: bool

    async def send(self, mail: Mail, before_dot: BeforeDot) -> Answer:
        if self.after_dot:
            await before_dot()
        raise RuntimeError("a fault of ours")

    async def reachable(self) -> bool:
        return True


async def test_an_unexpected_error_is_an_attempt_that_backs_off_and_ends(
    office: Office, clock: FakeClock
) -> None:
    await file_lock(office)
    broken = office.with_channel(Broken(after_dot=False))

    assert [await broken.once() for _ in range(2)] == [1, 0]
    assert await office.ledger() == [("queued", None)]
    clock.advance(hours=72)
    for _ in range(FEWEST_TRIES - 1):
        assert await office.ledger() == [("queued", None)]
        await broken.once()
        clock.advance(hours=1)

    assert await office.ledger() == [("failed", "gave_up")]
    assert [outcome for _, outcome, _ in await office.attempts()] == ["deferred"] * FEWEST_TRIES


async def test_an_unexpected_error_after_the_final_dot_is_no_answer(office: Office) -> None:
    await file_communication(office)

    await office.with_channel(Broken(after_dot=True), of=office.communications).once()

    assert await office.ledger() == [("unknown", "unanswered")]


@pytest.mark.parametrize("kind", [FaultKind.SLOW, FaultKind.DROP_AFTER_DATA])
async def test_unanswered_account_activity_goes_again_as_the_same_mail(
    office: Office, mail_server: MailServer, clock: FakeClock, kind: FaultKind
) -> None:
    await file_lock(office)
    mail_server.fail(kind, seconds=3)
    await office.send_all()
    assert await office.attempts() == [("after-dot", "unanswered", None)]

    clock.advance(minutes=MINUTES_OF_BACK_OFF)
    await office.send_all()

    first, second = mail_server.to(ADDRESS)
    assert first.message_id == second.message_id
    assert await office.ledger() == [("sent", None)]


async def test_account_activity_is_resent_three_times_and_then_held(
    office: Office, mail_server: MailServer, clock: FakeClock
) -> None:
    await file_lock(office)
    mail_server.fail(FaultKind.DROP_AFTER_DATA, count=9)

    for _ in range(6):
        await office.send_all()
        clock.advance(minutes=MINUTES_OF_BACK_OFF)

    assert len(mail_server.mails) == 4
    assert await office.ledger() == [("unknown", "unanswered")]


@pytest.mark.parametrize("kind", [FaultKind.SLOW, FaultKind.DROP_AFTER_DATA])
async def test_an_unanswered_practice_communication_is_held(
    office: Office, mail_server: MailServer, clock: FakeClock, kind: FaultKind
) -> None:
    await file_communication(office)
    mail_server.fail(kind, seconds=3)

    await office.send_all()
    clock.advance(minutes=MINUTES_OF_BACK_OFF)
    await office.send_all()

    assert len(mail_server.mails) == 1
    assert await office.ledger() == [("unknown", "unanswered")]


async def test_a_mail_server_that_is_away_costs_no_delivery_its_tries(
    database: Database, mail_server: MailServer, office: Office, clock: FakeClock
) -> None:
    away = Office.opened(database, 1, clock)
    for _ in range(9):
        await file_lock(away)

    for _ in range(5):
        await away.activity.once()
    clock.advance(minutes=1)
    await office.send_all()

    assert len(await office.attempts()) == 9 + away.activity.batch
    assert len(mail_server.mails) == 9
    await away.close()


@pytest.mark.proves("NT-1")
@pytest.mark.parametrize("name", ["smtp", "smtp-practice"])
async def test_a_probe_tells_of_the_mail_server_and_recovers_without_a_restart(
    office: Office, mail_server: MailServer, clock: FakeClock, name: str
) -> None:
    probe = office.composition.probes[name]
    await probe()
    await mail_server.stop()
    with pytest.raises(MailServerAway):
        await probe()
    clock.advance(minutes=1)
    with pytest.raises(MailServerAway):
        await probe()

    await mail_server.start()
    clock.advance(minutes=1)
    await probe()


async def test_a_mail_whose_connection_died_while_idle_goes_over_a_fresh_one(
    office: Office, mail_server: MailServer
) -> None:
    await file_lock(office)
    await office.send_all()
    await mail_server.stop()
    await mail_server.start()
    await file_lock(office)

    await office.send_all()

    assert await office.ledger() == [("sent", None), ("sent", None)]


async def test_connections_are_reused(office: Office, mail_server: MailServer) -> None:
    for _ in range(12):
        await file_lock(office)

    await office.send_all()

    assert len(mail_server.mails) == 12
    assert len(mail_server.conversations) <= office.plumbing.settings.smtp_connections


async def test_what_cannot_be_sent_for_three_days_is_given_up(
    office: Office, mail_server: MailServer, clock: FakeClock
) -> None:
    await file_lock(office)
    mail_server.fail(FaultKind.TEMPFAIL, count=FEWEST_TRIES)
    await office.send_all()

    clock.advance(hours=72)
    for _ in range(FEWEST_TRIES - 1):
        assert await office.ledger() == [("queued", None)]
        await office.send_all()
        clock.advance(hours=1)

    assert await office.ledger() == [("failed", "gave_up")]


async def test_after_days_without_a_mail_server_the_first_4xx_is_no_end(
    office: Office, mail_server: MailServer, clock: FakeClock
) -> None:
    await file_lock(office)
    clock.advance(hours=100)
    mail_server.fail(FaultKind.TEMPFAIL, count=1)
    await office.send_all()
    clock.advance(minutes=1)

    await office.send_all()

    assert await office.ledger() == [("sent", None)]


async def test_an_address_beyond_ascii_is_reached_where_the_server_takes_it(
    office: Office, mail_server: MailServer
) -> None:
    await office.file(events.locked(events.new_account(), "jürgen@mail.example"))

    await office.send_all()

    (mail,) = mail_server.mails
    assert mail.envelope_to == ("jürgen@mail.example",)
    assert ("To", "jürgen@mail.example") in mail.headers


async def test_a_courier_goes_on_by_itself_when_the_mail_server_is_back(
    office: Office, mail_server: MailServer, clock: FakeClock
) -> None:
    await mail_server.stop()
    for _ in range(9):
        await file_lock(office)
    for _ in range(3):
        await office.activity.once()
    waiting = [state for state, _ in await office.ledger()]

    await mail_server.start()
    clock.advance(minutes=1)
    await office.send_all()

    assert waiting == ["queued"] * 9
    assert len({mail.message_id for mail in mail_server.mails}) == len(mail_server.mails) == 9
