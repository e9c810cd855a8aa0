"""Two couriers never send one delivery, whoever is paused when (NT-6)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from services.notify.channels import BeforeDot, Mail, MailChannel
from services.notify.model import Answer, MessageClass
from shared.contracts.ids import AccountId
from tests.integration.notify.mail_server import MailServer
from tests.integration.notify.office import Office
from tests.support import notify_events as events
from tests.support.clock import FakeClock
from tests.support.notify_events import ADDRESS


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
    await office.features.reaper.once()


@pytest.mark.proves("NT-6", part="codes, which are not sent yet")
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
@pytest.mark.proves("NT-6", part="codes, which are not sent yet")
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

    await twin.features.reaper.once()

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
