"""What a courier does with each answer of a mail server (NT-5, NT-6)."""

import asyncio
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
from tests.builders.patients import file_communications, file_locks
from tests.rigs.notify import Office, a_round

MINUTES_OF_BACK_OFF = 20  # longer than any wait for another try


@pytest.mark.proves("NT-1", "NT-5")
async def test_account_activity_goes_to_the_address_it_was_told_for(office: Office) -> None:
    await file_locks(office)

    await office.send_all()

    (mail,) = office.mail_server.to(ADDRESS)
    assert "locked" in mail.subject
    assert await office.ledger() == [("sent", None)]
    assert await office.attempts() == [("answered", "accepted", 250)]


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


async def test_an_unexpected_error_is_an_attempt_that_backs_off_and_ends(office: Office) -> None:
    await file_locks(office)
    broken = office.with_channel(Broken(after_dot=False))

    assert [await a_round(broken) for _ in range(2)] == [1, 0]
    assert await office.ledger() == [("queued", None)]
    office.clock.advance(hours=72)
    for _ in range(FEWEST_TRIES - 1):
        assert await office.ledger() == [("queued", None)]
        await a_round(broken)
        office.clock.advance(hours=1)

    assert await office.ledger() == [("failed", "gave_up")]
    assert [outcome for _, outcome, _ in await office.attempts()] == ["deferred"] * FEWEST_TRIES


async def test_an_unexpected_error_after_the_final_dot_is_no_answer(office: Office) -> None:
    await file_communications(office)

    await a_round(office.with_channel(Broken(after_dot=True), of=office.communications))

    assert await office.ledger() == [("unknown", "unanswered")]


@pytest.mark.parametrize("kind", [FaultKind.SLOW, FaultKind.DROP_AFTER_DATA])
async def test_without_an_answer_account_activity_goes_again_as_the_same_mail_and_the_rest_is_held(
    office: Office, kind: FaultKind
) -> None:
    office.mail_server.fail(kind, count=2, seconds=3)
    await file_locks(office)
    await file_communications(office, email="practice@mail.example")
    await asyncio.gather(a_round(office.activity), a_round(office.communications))
    assert await office.attempts() == [("after-dot", "unanswered", None)] * 2

    office.clock.advance(minutes=MINUTES_OF_BACK_OFF)
    await office.send_all()

    first, second = office.mail_server.to(ADDRESS)
    assert first.message_id == second.message_id
    assert len(office.mail_server.to("practice@mail.example")) == 1
    assert sorted(await office.ledger()) == [("sent", None), ("unknown", "unanswered")]


@pytest.mark.proves("NT-1")
@pytest.mark.parametrize("name", ["smtp", "smtp-practice"])
async def test_a_probe_tells_of_the_mail_server_and_recovers_without_a_restart(
    office: Office, name: str
) -> None:
    probe = office.composition.probes[name]
    await probe()
    await office.mail_server.stop()
    with pytest.raises(MailServerAway):
        await probe()
    office.clock.advance(minutes=1)
    with pytest.raises(MailServerAway):
        await probe()

    await office.mail_server.start()
    office.clock.advance(minutes=1)
    await probe()


async def test_connections_are_reused(office: Office) -> None:
    await file_locks(office, 12)

    await office.send_all()

    assert len(office.mails) == 12
    assert len(office.mail_server.conversations) <= office.plumbing.settings.smtp_connections


async def test_a_temporary_refusal_is_tried_again_also_after_days_without_a_mail_server(
    office: Office,
) -> None:
    await file_locks(office)
    office.clock.advance(hours=100)
    office.mail_server.fail(FaultKind.TEMPFAIL)
    await office.send_all()
    assert await office.ledger() == [("queued", None)]

    office.clock.advance(seconds=7)
    await office.send_all()

    assert await office.ledger() == [("sent", None)]
    assert [outcome for _, outcome, _ in await office.attempts()] == ["deferred", "accepted"]


async def test_an_address_beyond_ascii_is_reached_where_the_server_takes_it(office: Office) -> None:
    await office.file(events.locked(events.new_account(), "jürgen@mail.example"))

    await office.send_all()

    (mail,) = office.mails
    assert mail.envelope_to == ("jürgen@mail.example",)
    assert ("To", "jürgen@mail.example") in mail.headers


async def test_a_mail_server_that_is_away_costs_few_tries_and_a_courier_goes_on_by_itself(
    office: Office,
) -> None:
    await office.mail_server.stop()
    await file_locks(office, 9)
    for _ in range(5):
        await a_round(office.activity)
    waiting = await office.ledger()

    await office.mail_server.start()
    office.clock.advance(minutes=1)
    await office.send_all()

    assert waiting == [("queued", None)] * 9
    assert [outcome for _, outcome, _ in await office.attempts()].count("deferred") == 1
    assert len(await office.attempts()) == 9 + 1
    assert len({mail.message_id for mail in office.mails}) == len(office.mails) == 9
