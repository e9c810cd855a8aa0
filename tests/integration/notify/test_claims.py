"""What was claimed and could not be begun is handed back: no mail waits for a lease (NT-6)."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from dataclasses import dataclass, field

import pytest

from deploy.client.eventually import eventually
from deploy.local.caught import FaultKind
from services.notify.sending import courier as courier_module
from services.notify.sending import slots as slots_module
from services.notify.sending.channels import BeforeDot, Mail, MailChannel
from services.notify.sending.courier import Courier
from services.notify.sending.model import Answer, Outcome, Phase
from tests.builders.patients import file_communications, file_locks
from tests.rigs.notify import Office, a_round

NEVER_TRIED = ("queued", 0, None)
ACCEPTED = Answer(outcome=Outcome.ACCEPTED, phase=Phase.ANSWERED, code=250)


@dataclass(slots=True)
class Slow:
    """The real channel; the first mails stop before their mark, or behind it, until the test goes
    on.
    """

    channel: MailChannel
    after_mark: bool = True
    most: int = 1000  # that stop
    stopped: int = 0
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, mail: Mail, before_dot: BeforeDot) -> Answer:
        async def before() -> None:
            if self.after_mark:
                await before_dot()
            if self.stopped < self.most:
                self.stopped += 1
                await self.go.wait()
            if not self.after_mark:
                await before_dot()

        return await self.channel.send(mail, before)

    async def reachable(self) -> bool:
        return True


async def slowly(
    office: Office, stopped: int, *, after_mark: bool = True
) -> tuple[Slow, asyncio.Task[int]]:
    """A courier that has claimed what is due, so many of it stopped."""
    slow = Slow(office.activity.channel, after_mark=after_mark)
    sending = asyncio.create_task(a_round(office.with_channel(slow)))

    def are_stopped() -> None:
        assert slow.stopped == stopped

    await eventually(are_stopped)
    return slow, sending


async def tries(office: Office) -> "Counter[tuple[str, int, str | None]]":
    """How many deliveries there are by state, tries and phase."""
    rows = await office.rows("SELECT state, attempts, phase FROM deliveries")
    return Counter((row["state"], row["attempts"], row["phase"]) for row in rows)


@pytest.mark.proves("NT-6")
async def test_a_server_that_goes_away_costs_what_waits_neither_a_try_nor_a_lease(
    office: Office,
) -> None:
    await file_locks(office, 8)  # a claim; four of them are under way
    slow, sending = await slowly(office, 4, after_mark=False)
    claimed = await tries(office)

    await office.mail_server.stop()
    slow.go.set()
    await sending
    await office.mail_server.start()

    begun = len(await office.attempts())
    left = (await tries(office))[NEVER_TRIED]
    assert claimed == {("sending", 1, "connecting"): 8}
    assert begun <= 5  # what was under way, and one that found out
    assert left == 8 - begun
    office.clock.advance(seconds=30)
    await office.send_all()
    assert await office.ledger() == [("sent", None)] * 8


@pytest.mark.proves("NT-6")
async def test_a_process_that_ends_leaves_what_waits_to_others_at_once(
    office: Office, twin: Office
) -> None:
    await file_locks(office, 8)
    slow, sending = await slowly(office, 4)

    async def others_have_sent() -> None:
        await twin.send_all()
        assert await tries(office) == {("sent", 1, None): 4, ("sending", 1, "after-dot"): 4}

    sending.cancel()
    await eventually(others_have_sent)
    slow.go.set()
    with pytest.raises(asyncio.CancelledError):
        await sending

    assert await tries(office) == {("sent", 1, None): 8}
    assert len({mail.message_id for mail in office.mails}) == len(office.mails) == 8


async def held(office: Office, count: int) -> tuple[Slow, Courier[Mail]]:
    """A courier that has begun so many mails, which their server holds at the final dot."""
    await file_locks(office, count)
    slow = Slow(office.activity.channel, most=count)
    courier = office.with_channel(slow)
    assert await soon(courier.once()) == count

    def are_held() -> None:
        assert slow.stopped == count

    await eventually(are_held)
    return slow, courier


async def soon(once: Awaitable[int]) -> int:
    """What waits for mails that are held would wait for ever."""
    async with asyncio.timeout(60):
        return await once


async def every_mail_is_answered(office: Office, slow: Slow, courier: Courier[Mail]) -> None:
    slow.go.set()
    await courier.through()
    assert {state for state, _ in await office.ledger()} == {"sent"}
    assert len({mail.message_id for mail in office.mails}) == len(office.mails)


@pytest.mark.proves("NT-1", "NT-6")
async def test_mails_that_their_server_holds_at_the_dot_delay_no_other(office: Office) -> None:
    slow, courier = await held(office, 2)

    await file_locks(office, 20)
    while await soon(courier.once()):
        pass

    async def the_others_are_sent() -> None:
        assert await tries(office) == {("sent", 1, None): 20, ("sending", 1, "after-dot"): 2}

    await eventually(the_others_are_sent)
    await every_mail_is_answered(office, slow, courier)


async def test_where_each_slot_is_held_nothing_more_is_taken(office: Office, twin: Office) -> None:
    slow, courier = await held(office, 4)
    await file_locks(office, 8)

    waiting = [asyncio.create_task(courier.once()) for _ in range(2)]
    for _ in range(10):
        found = await tries(office)
    await twin.send_all()
    left = await tries(office)

    assert found == {("sending", 1, "after-dot"): 4, NEVER_TRIED: 8}
    assert left == {("sending", 1, "after-dot"): 4, ("sent", 1, None): 8}
    await every_mail_is_answered(office, slow, courier)
    assert await asyncio.gather(*waiting) == [0, 0]


async def test_what_was_claimed_ahead_and_finds_no_slot_is_left_to_others(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier_module, "AHEAD_SECONDS", 0.05)
    await file_locks(office, 8)
    slow = Slow(office.activity.channel)
    courier = office.with_channel(slow)

    taken = await soon(courier.once())

    async def those_with_a_slot_are_held() -> None:
        assert await tries(office) == {("sending", 1, "after-dot"): 4, NEVER_TRIED: 4}

    assert taken == 8
    await eventually(those_with_a_slot_are_held)
    slow.go.set()
    await courier.through()
    await office.send_all()
    assert await tries(office) == {("sent", 1, None): 8}


@dataclass(slots=True)
class Dragging:
    """A channel on which each mail takes a while."""

    seconds: float

    async def send(self, _: Mail, before_dot: BeforeDot) -> Answer:
        await asyncio.sleep(self.seconds)
        await before_dot()
        return ACCEPTED

    async def reachable(self) -> bool:
        return True


async def test_what_was_claimed_ahead_is_left_to_others_though_a_slot_comes_free_now_and_then(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier_module, "AHEAD_SECONDS", 0.5)
    await file_locks(office, 24)
    courier = office.with_channel(Dragging(seconds=0.3))

    taken = await soon(courier.once())
    left = (await tries(office))[NEVER_TRIED]

    await courier.through()
    assert taken == 24
    assert left >= 12


@pytest.mark.proves("NT-1", "NT-9")
async def test_practices_take_turns_though_most_of_each_claim_is_left(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier_module, "AHEAD_SECONDS", 0.05)
    for _ in range(2):
        await file_communications(office, 30)
    courier = office.with_channel(Dragging(seconds=0.3), of=office.communications)

    for _ in range(3):
        await soon(courier.once())

    await courier.through()
    rows = await office.rows(
        "SELECT count(*) FROM deliveries WHERE state = 'sent' GROUP BY practice_id"
    )
    assert sorted(row["count"] for row in rows) == [6, 6]


async def test_answered_mails_that_nobody_can_record_are_bounded(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots_module, "UNRECORDED", 8, raising=False)
    slow, courier = await held(office, 1)

    async with office.plumbing.database.transaction() as tx:
        await tx.execute("SELECT FROM deliveries FOR UPDATE")  # its settlement waits for this
        slow.go.set()
        await file_locks(office, 40)
        rounds = [asyncio.create_task(courier.once()) for _ in range(2)]

        async def as_many_as_may_are_answered() -> None:
            assert (await tries(office))[("sending", 1, "after-dot")] >= 12

        await eventually(as_many_as_may_are_answered)
        for _ in range(20):
            found = await tries(office)

    await asyncio.gather(*rounds)
    await courier.through()
    await office.send_all()
    assert found[("sending", 1, "after-dot")] == 12
    assert {state for state, _ in await office.ledger()} == {"sent"}


async def test_no_more_mails_than_slots_are_under_way_whatever_is_claimed(office: Office) -> None:
    await file_locks(office, 40)
    slow = Slow(office.activity.channel, after_mark=False)
    courier = office.with_channel(slow)
    rounds = [asyncio.create_task(courier.once()) for _ in range(3)]

    def four_are_under_way() -> None:
        assert slow.stopped == 4

    await eventually(four_are_under_way)
    under_way = len(courier._under_way)
    slow.go.set()
    await asyncio.gather(*rounds)
    await courier.through()

    assert under_way == 4


@pytest.mark.proves("NT-6")
async def test_the_service_s_end_waits_for_the_answer_to_a_mail_under_way(office: Office) -> None:
    office.mail_server.fail(FaultKind.SLOW, seconds=0.5)
    await file_locks(office)
    await office.activity.once()

    for closer in office.composition.closers:
        await closer()

    assert await tries(office) == {("sent", 1, None): 1}


@pytest.mark.proves("NT-5", "NT-6")
@pytest.mark.parametrize(
    ("after_mark", "left"),
    [(False, NEVER_TRIED), (True, ("sending", 1, "after-dot"))],
    ids=["before-the-mark", "after-it"],
)
async def test_what_is_cut_off_at_the_end_is_handed_back_unless_it_may_have_been_sent(
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
    after_mark: bool,
    left: tuple[str, int, str | None],
) -> None:
    monkeypatch.setattr(courier_module, "DRAIN_SECONDS", 0.05)
    await file_locks(office, 2)
    _, sending = await slowly(office, 2, after_mark=after_mark)

    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending

    assert await tries(office) == {left: 2}
    assert office.mails == []


@dataclass(slots=True)
class Broken:
    """A channel in which something is cancelled, though nobody ends the process."""

    async def send(self, _: Mail, before_dot: BeforeDot) -> Answer:
        raise asyncio.CancelledError

    async def reachable(self) -> bool:
        return True


@pytest.mark.proves("NT-6")
async def test_the_lease_of_a_mail_whose_sending_was_broken_off_is_kept_by_nobody(
    office: Office,
) -> None:
    await file_locks(office, 2)
    courier = office.with_channel(Broken())

    await a_round(courier)

    def no_lease_is_kept() -> None:
        assert not courier._held

    await eventually(no_lease_is_kept)
    office.clock.advance(seconds=office.plumbing.settings.lease_seconds + 1)
    await office.features.sending.reaper.once()
    await office.send_all()
    assert await tries(office) == {("sent", 2, None): 2}


async def test_what_is_handed_back_is_marked_no_more(office: Office) -> None:
    await file_communications(office)
    courier = office.communications
    claim = await courier.claims.take()
    turn = claim.begin()

    await courier.claims.hand_back_unsent(claim)

    assert await tries(office) == {NEVER_TRIED: 1}
    await courier._deliver(turn, claim.token)
    assert office.mails == []
    assert await tries(office) == {NEVER_TRIED: 1}


async def test_a_claim_goes_ahead_of_what_is_sent_within_a_bound(office: Office) -> None:
    await file_locks(office, 40)
    slow, sending = await slowly(office, 4)

    found = await tries(office)

    slow.go.set()
    await sending
    assert found == {
        ("sending", 1, "after-dot"): 4,
        ("sending", 1, "connecting"): office.activity.claims.batch - 4,
        NEVER_TRIED: 40 - office.activity.claims.batch,
    }
    assert len(office.mails) == office.activity.claims.batch
