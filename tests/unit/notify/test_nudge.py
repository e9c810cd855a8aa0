"""Couriers look soon after something was filed, though nobody tells of the commit."""

import asyncio

from deploy.client.eventually import eventually
from services.notify.ledger.nudge import FIRST, LAST, Nudge


async def test_every_courier_is_woken_more_than_once_after_a_filing() -> None:
    events = (asyncio.Event(), asyncio.Event())
    nudge = Nudge(events=events)
    nudge.touch()

    for _ in range(2):
        await asyncio.gather(*(event.wait() for event in events))
        for event in events:
            event.clear()

    await eventually(lambda: still(nudge))


async def test_many_filings_are_one_row_of_looks() -> None:
    event = asyncio.Event()
    nudge = Nudge(events=(event,))

    for _ in range(1000):
        nudge.touch()

    assert nudge.pending == 1
    await eventually(lambda: still(nudge))


def test_it_looks_for_long_enough_for_a_slow_commit() -> None:
    assert 2 * LAST - FIRST > 0.25


def still(nudge: Nudge) -> None:
    assert nudge.pending == 0
