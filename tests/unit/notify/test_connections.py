"""Connections that are lent, without a mail server behind them."""

import asyncio
from dataclasses import dataclass

import pytest

from services.notify.metrics import METRICS
from services.notify.sending.channels.connections import REFUSED_SECONDS, Connections
from services.notify.sending.errors import MailServerAway
from services.notify.tellings.model import MessageClass
from shared.metrics import Metrics
from shared.randomness import Randomness
from tests.support.clock import FakeClock

ACTIVITY, PRACTICE = MessageClass.ACCOUNT_ACTIVITY, MessageClass.PRACTICE_COMMUNICATION


@dataclass(slots=True)
class Line:
    """A conversation that is always fit."""

    used_at: float | None = None

    def usable(self) -> bool:
        return True

    def hang_up(self) -> None:
        """Nobody is there."""

    async def leave(self) -> None:
        """Nobody is there."""


@dataclass(slots=True)
class Server:
    """Takes so many, and no further one; who gives up a connection does not tell it."""

    takes: int
    opened: int = 0
    tries: int = 0

    async def begin(self) -> Line:
        self.tries += 1
        await asyncio.sleep(0)
        if self.opened >= self.takes:
            raise MailServerAway(421)
        self.opened += 1
        return Line()


def connections_to(
    server: Server, *, each: int = 4, clock: FakeClock | None = None
) -> Connections[Line]:
    return Connections(
        begin=server.begin,
        each=each,
        clock=clock or FakeClock(),
        randomness=Randomness(),
        metrics=Metrics(*METRICS),
    )


@pytest.mark.parametrize("of_class", MessageClass)
async def test_what_is_granted_to_one_who_goes_in_the_same_moment_is_free_again(
    of_class: MessageClass,
) -> None:
    lent = connections_to(Server(takes=9), each=1)
    first = await lent.take(of_class)
    waiting = asyncio.create_task(lent.take(of_class))
    await asyncio.sleep(0)

    lent.keep(of_class, first)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    assert lent.lent == 0
    assert await asyncio.wait_for(lent.take(of_class), 5) is first


async def test_who_goes_before_it_opens_one_leaves_the_door_to_the_next() -> None:
    lent = connections_to(Server(takes=9), each=1)
    opening = asyncio.create_task(lent.take(ACTIVITY))
    await asyncio.sleep(0)

    opening.cancel()
    await asyncio.gather(opening, return_exceptions=True)

    assert lent.lent == 0
    assert await asyncio.wait_for(lent.take(PRACTICE), 5)


async def test_the_two_classes_take_turns_on_the_only_connection() -> None:
    lent = connections_to(Server(takes=1))
    order: list[MessageClass] = []

    async def use(of_class: MessageClass) -> None:
        line = await lent.take(of_class)
        order.append(of_class)
        await asyncio.sleep(0)
        lent.keep(of_class, line)

    await asyncio.gather(*(use(PRACTICE) for _ in range(6)), *(use(ACTIVITY) for _ in range(3)))

    assert order.count(ACTIVITY) == 3
    last = max(place for place, one in enumerate(order) if one is ACTIVITY)
    assert last <= 6  # one of the other before each, and the first that came


async def test_nobody_waits_for_a_server_that_is_away_and_of_many_that_ask_one_tries() -> None:
    server, clock = Server(takes=0), FakeClock()
    lent = connections_to(server, clock=clock)

    ends = await asyncio.gather(
        *(lent.take(each) for each in (ACTIVITY, PRACTICE) * 8), return_exceptions=True
    )

    assert all(isinstance(end, MailServerAway) for end in ends)
    assert (server.tries, lent.lent) == (1, 0)
    assert await lent.reachable() is False

    clock.advance(minutes=1)
    assert await asyncio.gather(*(lent.reachable() for _ in range(16))) == [False] * 16
    assert server.tries == 2


async def test_mails_under_way_that_are_all_refused_are_one_refusal() -> None:
    """A refusal of the moment holds mail for seconds; one that lasts, for ever longer."""
    clock, server = FakeClock(), Server(takes=9)
    lent = connections_to(server, clock=clock)

    for _ in range(10):
        lent.refuse(MailServerAway(550))
    clock.advance(seconds=REFUSED_SECONDS[0])

    assert await lent.reachable()
    assert not lent.away


async def test_each_try_that_is_refused_again_doubles_the_wait() -> None:
    clock, server = FakeClock(), Server(takes=0)
    lent = connections_to(server, clock=clock)
    lent.refuse(MailServerAway(550))

    for wait in (REFUSED_SECONDS[0], 2 * REFUSED_SECONDS[0], 4 * REFUSED_SECONDS[0]):
        tried = server.tries
        clock.advance(seconds=wait / 2 - 0.001)
        assert await lent.reachable() is False
        assert server.tries == tried
        clock.advance(seconds=wait / 2)
        await lent.reachable()
        assert server.tries == tried + 1
