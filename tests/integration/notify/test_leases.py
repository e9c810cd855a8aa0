"""Two couriers never send one delivery, whoever is paused when (NT-6)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest

from deploy.client.eventually import eventually
from services.notify.ledger.model import DeliveryId, State
from services.notify.preferences.model import Means
from services.notify.sending.channels import BeforeDot, Mail, MailChannel
from services.notify.sending.courier import Courier
from services.notify.sending.model import Answer, Dot, Settlement, Verdict
from services.notify.sending.store import settlements, turns
from services.notify.tellings.model import MessageClass
from shared.contracts.ids import AccountId
from shared.contracts.sealed import SealPurpose
from shared.randomness import Randomness
from tests.builders import events
from tests.builders.events import ADDRESS
from tests.builders.patients import file_communications, file_locks
from tests.rigs.notify import Office, a_round

RANDOM = Randomness()
Lease = tuple[DeliveryId, UUID]  # and its token


@dataclass(slots=True)
class Stalling:
    """The real channel, stopped at one place until the test lets it go: a paused process."""

    channel: MailChannel
    after_dot: bool = False
    stalled: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)
    round: "asyncio.Task[int] | None" = None

    async def send(self, mail: Mail, before_dot: BeforeDot) -> Answer:
        async def before() -> None:
            if self.after_dot:
                await before_dot()
            self.stalled.set()
            await self.go.wait()
            if not self.after_dot:
                await before_dot()

        return await self.channel.send(mail, before)

    async def reachable(self) -> bool:
        return True

    async def goes_on(self) -> None:
        """Let it go, and end its courier's round."""
        assert self.round is not None
        self.go.set()
        await self.round


async def stalled(
    office: Office,
    *,
    after_dot: bool = False,
    of: Courier[Mail] | None = None,
    lease_seconds: float | None = None,
) -> Stalling:
    """A courier that has claimed what is due and stands still, before the final dot or after it."""
    stalling = Stalling((of or office.activity).channel, after_dot=after_dot)
    courier = office.with_channel(stalling, of=of, lease_seconds=lease_seconds)
    stalling.round = asyncio.create_task(a_round(courier))
    await stalling.stalled.wait()
    return stalling


async def past_the_lease(office: Office) -> None:
    office.clock.advance(seconds=office.plumbing.settings.lease_seconds + 1)
    await office.features.sending.reaper.once()


@pytest.mark.proves("NT-6")
@pytest.mark.parametrize("message_class", MessageClass)
async def test_two_couriers_never_send_the_same_delivery(
    office: Office, twin: Office, message_class: MessageClass
) -> None:
    for _ in range(40):
        if message_class is MessageClass.ACCOUNT_ACTIVITY:
            await file_locks(office)
        else:
            await file_communications(office)

    await asyncio.gather(*(each.send_all() for each in (office, twin, office, twin)))

    assert len(office.mails) == 40
    assert len({mail.message_id for mail in office.mails}) == 40
    assert await office.ledger() == [("sent", None)] * 40


async def test_a_courier_whose_lease_was_stolen_sends_nothing(office: Office, twin: Office) -> None:
    await file_locks(office)
    paused = await stalled(office)
    await past_the_lease(twin)
    await twin.send_all()

    await paused.goes_on()

    assert len(office.mails) == 1
    assert await office.ledger() == [("sent", None)]
    outcomes = [outcome for _, outcome, _ in await office.attempts()]
    assert outcomes == ["lost", "accepted"]


@pytest.mark.proves("NT-6")
async def test_a_courier_that_wakes_beside_another_sends_nothing(
    office: Office, twin: Office
) -> None:
    await file_locks(office)
    paused = await stalled(office)
    await past_the_lease(twin)
    successor = await stalled(twin)

    await paused.goes_on()
    sent = len(office.mails)
    await successor.goes_on()

    assert (sent, len(office.mails)) == (0, 1)
    assert await office.ledger() == [("sent", None)]


@pytest.mark.proves("NT-6")
async def test_a_late_answer_ends_no_attempt_of_the_successor(office: Office, twin: Office) -> None:
    await file_locks(office)
    paused = await stalled(office, after_dot=True)
    await past_the_lease(twin)
    office.clock.advance(minutes=1)
    successor = await stalled(twin)
    (before,) = await office.rows("SELECT lease_token, attempts FROM deliveries")

    await paused.goes_on()
    (after,) = await office.rows("SELECT lease_token, attempts FROM deliveries")
    states = await office.ledger()
    await successor.goes_on()

    assert states == [("sending", None)]
    assert tuple(before) == tuple(after)
    assert await office.ledger() == [("sent", None)]


async def test_a_lost_lease_neither_renews_nor_hands_back_nor_tells_of_another(
    office: Office, twin: Office
) -> None:
    await file_locks(office)
    paused = await stalled(office)
    (lost,) = await office.rows("SELECT id, lease_token AS token FROM deliveries")
    await past_the_lease(twin)
    successor = await stalled(twin)
    (before,) = await office.rows("SELECT state, lease_until FROM deliveries")

    async with office.plumbing.database.connection() as connection:
        far = office.clock.unshifted() + timedelta(days=1)
        await turns.renew(connection, [lost["id"]], lost["token"], until=far)
        await turns.hand_back(connection, [lost["id"]], lost["token"])
        phase = await settlements.phase_of(connection, lost["id"], lost["token"])

    (after,) = await office.rows("SELECT state, lease_until FROM deliveries")
    assert phase is None
    assert tuple(before) == tuple(after)
    await asyncio.gather(paused.goes_on(), successor.goes_on())


async def test_a_link_dies_by_a_newer_one_of_its_purpose_and_account_only(office: Office) -> None:
    account_id, event_id = events.new_account(), events.new_event()
    sealed = await office.seal(
        "v" * 43, event_id, recipient=str(account_id), purpose=SealPurpose.EMAIL_VERIFICATION
    )
    verification = events.verification_requested(account_id, ADDRESS, sealed)
    await office.file(verification, event_id=event_id)
    office.clock.advance(seconds=1)
    await office.file_link(account_id, secret="r" * 43, at=office.clock.now())
    office.clock.advance(seconds=1)
    await office.file_link(events.new_account(), secret="o" * 43, at=office.clock.now())

    await office.send_all()

    assert await office.ledger() == [("sent", None)] * 3
    told = "".join(mail.text for mail in office.mails)
    assert all(f"#{letter * 43}" in told for letter in "vro")


async def test_a_link_that_dies_while_a_courier_has_it_is_left_to_it(office: Office) -> None:
    await office.file_link(events.new_account(), life=timedelta(seconds=10))
    holding = await stalled(office)
    office.clock.advance(seconds=11)

    await office.features.sending.reaper.once()

    assert await office.ledger() == [("sending", None)]
    await holding.goes_on()


async def expires(office: Office, account_id: AccountId) -> None:
    office.clock.advance(minutes=6)


async def is_superseded(office: Office, account_id: AccountId) -> None:
    at = office.clock.advance(seconds=1)
    await office.file(events.password_reset(account_id, ADDRESS, at=at))


async def is_absorbed(office: Office, account_id: AccountId) -> None:
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
    dies: Callable[[Office, AccountId], Awaitable[None]],
    state: tuple[str, str],
) -> None:
    account_id = events.new_account()
    await office.file_link(account_id, life=timedelta(minutes=5))
    paused = await stalled(office)

    await dies(office, account_id)
    await paused.goes_on()
    await past_the_lease(office)
    await office.send_all()

    assert [mail for mail in office.mails if "#" in mail.text] == []
    assert state in await office.ledger()


async def test_a_paused_courier_cannot_complete_what_was_taken_from_it_after_the_dot(
    office: Office, twin: Office
) -> None:
    await file_locks(office)
    paused = await stalled(office, after_dot=True)
    await past_the_lease(twin)
    (before,) = await office.rows("SELECT state, unanswered, attempts FROM deliveries")

    await paused.goes_on()

    (after,) = await office.rows("SELECT state, unanswered, attempts FROM deliveries")
    assert tuple(before) == tuple(after) == ("queued", 1, 1)
    lost = office.plumbing.metrics.value(
        "deliveries_lost", message_class=MessageClass.ACCOUNT_ACTIVITY
    )
    assert lost == 1


async def test_a_vanished_courier_s_practice_communication_is_held_once_the_dot_went_out(
    office: Office, twin: Office
) -> None:
    await file_communications(office)
    paused = await stalled(office, after_dot=True, of=office.communications)

    await past_the_lease(twin)

    assert await office.ledger() == [("unknown", "unanswered")]
    await paused.goes_on()


async def leased(office: Office, count: int) -> list[Lease]:
    """So many deliveries, each taken."""
    await file_locks(office, count)
    lease = turns.Lease(
        token=RANDOM.uuid(), until=office.clock.unshifted() + timedelta(minutes=1), limit=count
    )
    async with office.plumbing.database.transaction() as tx:
        taken = await turns.take_activity(tx, lease, Means.EMAIL, now=office.clock.now())
    return [(turn.id, lease.token) for turn in taken]


@pytest.mark.proves("NT-6")
async def test_a_lost_lease_is_told_so_beside_one_of_the_same_mail_that_is_held(
    office: Office,
) -> None:
    [(delivery_id, token)] = await leased(office, 1)
    tokens, now = [RANDOM.uuid(), token], office.clock.now()
    sent = Verdict(state=State.SENT)

    async with office.plumbing.database.connection() as connection:
        marked = await settlements.mark_dots(
            connection,
            [Dot(delivery_id=delivery_id, token=one, address="a", now=now) for one in tokens],
        )
        settled = await settlements.settle(
            connection,
            [
                Settlement(delivery_id=delivery_id, token=one, verdict=sent, answer=None, at=now)
                for one in tokens
            ],
        )

    assert (marked, settled) == ([False, True], [False, True])


@pytest.mark.proves("NT-6")
async def test_a_lease_that_is_renewed_waits_for_no_mail_that_is_recorded(office: Office) -> None:
    first, second = [one for one, _ in await leased(office, 2)]
    [row] = await office.rows("SELECT DISTINCT lease_token FROM deliveries")
    later = office.clock.unshifted() + timedelta(hours=1)

    database = office.plumbing.database
    async with database.transaction() as recording, database.connection() as renewing:
        await recording.execute("SELECT FROM deliveries WHERE id = $1 FOR UPDATE", first)
        await turns.renew(renewing, [first, second], row["lease_token"], until=later)

    found = await office.rows("SELECT id FROM deliveries WHERE lease_until = $1", later)
    assert [row["id"] for row in found] == [second]


async def test_a_courier_that_lives_keeps_its_lease_however_slow_the_server_is(
    office: Office, twin: Office
) -> None:
    await file_locks(office)
    slow = await stalled(office, lease_seconds=0.03)
    office.clock.advance(seconds=60)

    async def renewed() -> None:
        now = office.clock.unshifted()
        assert not await office.rows("SELECT 1 FROM deliveries WHERE lease_until <= $1", now)

    await eventually(renewed)

    await twin.features.sending.reaper.once()

    await slow.goes_on()
    assert await office.ledger() == [("sent", None)]


async def test_the_lease_of_a_mail_is_kept_after_its_round(office: Office, twin: Office) -> None:
    await file_locks(office)
    stalling = Stalling(office.activity.channel, after_dot=True)
    courier = office.with_channel(stalling, lease_seconds=0.03)
    assert await courier.once() == 1
    await stalling.stalled.wait()
    office.clock.advance(seconds=60)

    async def renewed() -> None:
        now = office.clock.unshifted()
        assert not await office.rows("SELECT 1 FROM deliveries WHERE lease_until <= $1", now)

    await eventually(renewed)
    await twin.features.sending.reaper.once()

    stalling.go.set()
    await courier.through()
    assert await office.ledger() == [("sent", None)]


async def test_a_process_that_ends_lets_mails_under_way_come_to_an_answer(office: Office) -> None:
    await file_locks(office)
    ending = await stalled(office, after_dot=True)
    assert ending.round is not None
    ending.round.cancel()

    with pytest.raises(asyncio.CancelledError):
        await ending.goes_on()

    assert await office.ledger() == [("sent", None)]
