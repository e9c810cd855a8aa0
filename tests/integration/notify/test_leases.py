"""Two couriers never send one delivery, whoever is paused when (NT-6)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from services.notify.sending.channels import BeforeDot, Mail, MailChannel
from services.notify.sending.model import Answer
from services.notify.sending.store import turns
from services.notify.tellings.model import MessageClass
from shared.contracts.ids import AccountId
from shared.contracts.sealed import SealPurpose
from tests.builders import events
from tests.builders.events import ADDRESS
from tests.integration.notify.mail_server import MailServer
from tests.rigs.notify import Office
from tests.support.clock import FakeClock


@dataclass(slots=True)
class Stalling:
    """The real channel, stopped at one place until the test lets it go: a paused process."""

    channel: MailChannel
    after_dot: bool = False
    stalled: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, mail: Mail, before_dot: BeforeDot) -> Answer:
        async def before() -> None:
            if self.after_dot:
                await before_dot()
                await self.stall()
            else:
                await self.stall()
                await before_dot()

        return await self.channel.send(mail, before)

    async def stall(self) -> None:
        self.stalled.set()
        await self.go.wait()

    async def reachable(self) -> bool:
        return True


async def past_the_lease(office: Office, clock: FakeClock) -> None:
    clock.advance(seconds=office.plumbing.settings.lease_seconds + 1)
    await office.features.sending.reaper.once()


@pytest.mark.proves("NT-6")
async def test_two_couriers_never_send_the_same_delivery(
    office: Office, twin: Office, mail_server: MailServer
) -> None:
    for _ in range(40):
        await office.file(events.locked(events.new_account(), ADDRESS))

    await asyncio.gather(*(each.send_all() for each in (office, twin, office, twin)))

    assert len(mail_server.mails) == 40
    assert len({mail.message_id for mail in mail_server.mails}) == 40
    assert await office.ledger() == [("sent", None)] * 40


async def test_two_couriers_never_send_the_same_practice_communication(
    office: Office, twin: Office, mail_server: MailServer
) -> None:
    for number in range(40):
        practice_id, patient_id, _ = await office.with_patient()
        await office.file_communication(
            events.communication(practice_id, patient_id, reference=str(number))
        )

    await asyncio.gather(*(each.send_all() for each in (office, twin, office, twin)))

    assert len(mail_server.mails) == 40


async def test_a_paused_courier_whose_lease_was_stolen_sends_nothing(
    office: Office, twin: Office, mail_server: MailServer, clock: FakeClock
) -> None:
    await office.file(events.locked(events.new_account(), ADDRESS))
    stalling = Stalling(office.activity.channel)
    paused = asyncio.create_task(office.with_channel(stalling).once())
    await stalling.stalled.wait()
    await past_the_lease(twin, clock)
    await twin.send_all()

    stalling.go.set()
    await paused

    assert len(mail_server.mails) == 1
    assert await office.ledger() == [("sent", None)]
    outcomes = [outcome for _, outcome, _ in await office.attempts()]
    assert outcomes == ["lost", "accepted"]


async def stalled(office: Office, *, after_dot: bool = False) -> tuple[Stalling, asyncio.Task[int]]:
    """A courier that has claimed what is due and stands still, before the final dot or after it."""
    stalling = Stalling(office.activity.channel, after_dot=after_dot)
    task = asyncio.create_task(office.with_channel(stalling).once())
    await stalling.stalled.wait()
    return stalling, task


@pytest.mark.proves("NT-6")
async def test_a_courier_that_wakes_beside_its_successor_sends_nothing(
    office: Office, twin: Office, mail_server: MailServer, clock: FakeClock
) -> None:
    await office.file(events.locked(events.new_account(), ADDRESS))
    first, paused = await stalled(office)
    await past_the_lease(twin, clock)
    second, successor = await stalled(twin)

    first.go.set()
    await paused
    sent = len(mail_server.mails)
    second.go.set()
    await successor

    assert (sent, len(mail_server.mails)) == (0, 1)
    assert await office.ledger() == [("sent", None)]


@pytest.mark.proves("NT-6")
async def test_a_late_answer_does_not_end_the_successor_s_attempt(
    office: Office, twin: Office, mail_server: MailServer, clock: FakeClock
) -> None:
    await office.file(events.locked(events.new_account(), ADDRESS))
    first, paused = await stalled(office, after_dot=True)
    await past_the_lease(twin, clock)
    clock.advance(minutes=1)
    second, successor = await stalled(twin)
    (before,) = await office.rows("SELECT lease_token, attempts FROM deliveries")

    first.go.set()
    await paused
    (after,) = await office.rows("SELECT lease_token, attempts FROM deliveries")
    states = await office.ledger()
    second.go.set()
    await successor

    assert states == [("sending", None)]
    assert tuple(before) == tuple(after)
    assert await office.ledger() == [("sent", None)]


async def test_a_lost_lease_neither_renews_nor_tells_of_the_successor_s(
    office: Office, twin: Office, clock: FakeClock
) -> None:
    await office.file(events.locked(events.new_account(), ADDRESS))
    first, paused = await stalled(office)
    (lost,) = await office.rows("SELECT id, lease_token AS token FROM deliveries")
    await past_the_lease(twin, clock)
    second, successor = await stalled(twin)
    (before,) = await office.rows("SELECT lease_until FROM deliveries")

    async with office.plumbing.database.connection() as connection:
        far = clock.unshifted() + timedelta(days=1)
        await turns.renew(connection, lost["token"], until=far)
        phase = await turns.phase_of(connection, lost["id"], lost["token"])

    (after,) = await office.rows("SELECT lease_until FROM deliveries")
    assert phase is None
    assert tuple(before) == tuple(after)
    for each in (first, second):
        each.go.set()
    await asyncio.gather(paused, successor)


async def test_a_link_dies_by_a_newer_one_of_its_own_purpose_and_account_only(
    office: Office, mail_server: MailServer, clock: FakeClock
) -> None:
    account_id, event_id = events.new_account(), events.new_event()
    sealed = await office.seal(
        "v" * 43, event_id, recipient=str(account_id), purpose=SealPurpose.EMAIL_VERIFICATION
    )
    verification = events.verification_requested(account_id, ADDRESS, sealed)
    await office.file(verification, event_id=event_id)
    clock.advance(seconds=1)
    await office.file_link(account_id, secret="r" * 43, at=clock.now())
    clock.advance(seconds=1)
    await office.file_link(events.new_account(), secret="o" * 43, at=clock.now())

    await office.send_all()

    assert await office.ledger() == [("sent", None)] * 3
    told = "".join(mail.text for mail in mail_server.mails)
    assert all(f"#{letter * 43}" in told for letter in "vro")


async def test_a_link_that_dies_while_a_courier_has_it_is_left_to_that_courier(
    office: Office, clock: FakeClock
) -> None:
    await office.file_link(events.new_account(), life=timedelta(seconds=10))
    stalling, holding = await stalled(office)
    clock.advance(seconds=11)

    await office.features.sending.reaper.once()

    assert await office.ledger() == [("sending", None)]
    stalling.go.set()
    await holding


async def expires(office: Office, account_id: AccountId, clock: FakeClock) -> None:
    clock.advance(minutes=6)


async def is_superseded(office: Office, account_id: AccountId, clock: FakeClock) -> None:
    clock.advance(seconds=1)
    await office.file(events.password_reset(account_id, ADDRESS, at=clock.now()))


async def is_absorbed(office: Office, account_id: AccountId, clock: FakeClock) -> None:
    await office.merge(events.merged(events.new_account(), account_id, ADDRESS))


@pytest.mark.parametrize(
    ("dies", "state"),
    [
        (expires, ("expired", "link_expired")),
        (is_superseded, ("cancelled", "superseded")),
        (is_absorbed, ("cancelled", "account_merged")),
    ],
)
@pytest.mark.proves("NT-6")
async def test_a_link_that_dies_while_its_courier_waits_is_not_sent(
    office: Office,
    mail_server: MailServer,
    clock: FakeClock,
    dies: Callable[[Office, AccountId, FakeClock], Awaitable[None]],
    state: tuple[str, str],
) -> None:
    account_id = events.new_account()
    await office.file_link(account_id, life=timedelta(minutes=5))
    stalling = Stalling(office.activity.channel)
    paused = asyncio.create_task(office.with_channel(stalling).once())
    await stalling.stalled.wait()

    await dies(office, account_id, clock)
    stalling.go.set()
    await paused
    await past_the_lease(office, clock)
    await office.send_all()

    assert [mail for mail in mail_server.mails if "#" in mail.text] == []
    assert state in await office.ledger()


async def test_a_paused_courier_cannot_complete_what_was_taken_from_it_after_the_dot(
    office: Office, twin: Office, mail_server: MailServer, clock: FakeClock
) -> None:
    await office.file(events.locked(events.new_account(), ADDRESS))
    stalling = Stalling(office.activity.channel, after_dot=True)
    paused = asyncio.create_task(office.with_channel(stalling).once())
    await stalling.stalled.wait()
    await past_the_lease(twin, clock)
    (before,) = await office.rows("SELECT state, unanswered, attempts FROM deliveries")

    stalling.go.set()
    await paused

    (after,) = await office.rows("SELECT state, unanswered, attempts FROM deliveries")
    assert tuple(before) == tuple(after) == ("queued", 1, 1)
    lost = office.plumbing.metrics.value(
        "deliveries_lost", message_class=MessageClass.ACCOUNT_ACTIVITY
    )
    assert lost == 1


async def test_a_vanished_courier_s_practice_communication_is_held_once_the_dot_went_out(
    office: Office, twin: Office, clock: FakeClock
) -> None:
    practice_id, patient_id, _ = await office.with_patient()
    await office.file_communication(events.communication(practice_id, patient_id))
    stalling = Stalling(office.communications.channel, after_dot=True)
    paused = asyncio.create_task(office.with_channel(stalling, of=office.communications).once())
    await stalling.stalled.wait()

    await past_the_lease(twin, clock)

    assert await office.ledger() == [("unknown", "unanswered")]
    stalling.go.set()
    await paused


async def test_a_courier_that_lives_keeps_its_lease_however_slow_the_server_is(
    office: Office, twin: Office, clock: FakeClock
) -> None:
    await office.file(events.locked(events.new_account(), ADDRESS))
    stalling = Stalling(office.activity.channel)
    brief = office.with_channel(stalling, lease_seconds=0.03)
    slow = asyncio.create_task(brief.once())
    await stalling.stalled.wait()
    clock.advance(seconds=60)
    await office.renewed()

    await twin.features.sending.reaper.once()

    stalling.go.set()
    await slow
    assert await office.ledger() == [("sent", None)]


async def test_a_process_that_ends_lets_mails_under_way_come_to_an_answer(
    office: Office, mail_server: MailServer
) -> None:
    await office.file(events.locked(events.new_account(), ADDRESS))
    stalling = Stalling(office.activity.channel, after_dot=True)
    ending = asyncio.create_task(office.with_channel(stalling).once())
    await stalling.stalled.wait()
    ending.cancel()
    stalling.go.set()

    with pytest.raises(asyncio.CancelledError):
        await ending

    assert await office.ledger() == [("sent", None)]
