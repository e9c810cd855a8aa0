"""Connections that are lent, without a mail server behind them."""

import asyncio
from dataclasses import dataclass

import pytest

from services.notify.channels.connections import Connections
from services.notify.errors import MailServerAway
from services.notify.metrics import METRICS
from services.notify.model import MessageClass
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


def connections_to(server: Server, *, each: int = 4) -> Connections[Line]:
    return Connections(
        begin=server.begin,
        each=each,
        clock=FakeClock(),
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


async def test_nobody_waits_for_a_server_that_is_away() -> None:
    server = Server(takes=0)
    lent = connections_to(server)

    ends = await asyncio.gather(
        *(lent.take(each) for each in (ACTIVITY, PRACTICE) * 8), return_exceptions=True
    )

    assert all(isinstance(end, MailServerAway) for end in ends)
    assert (server.tries, lent.lent) == (1, 0)
    assert await lent.reachable() is False
