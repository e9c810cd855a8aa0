"""Loops: errors never end one, a wake cuts a wait short, a stop lets the round at hand end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from deploy.client.eventually import eventually
from shared.errors import DatabaseUnavailable
from shared.loops import Loop, Sweep
from shared.metrics import Metrics

NEVER = 3600.0


@asynccontextmanager
async def running(loop: Loop) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(loop.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})


def counting(*results: int | Exception) -> tuple[list[int], Callable[[], Awaitable[int]]]:
    """A round that returns or raises these one after the other, then 0."""
    rounds: list[int] = []

    async def once() -> int:
        rounds.append(len(rounds))
        result = results[len(rounds) - 1] if len(rounds) <= len(results) else 0
        if isinstance(result, Exception):
            raise result
        return result

    return rounds, once


async def test_a_round_that_did_something_is_followed_at_once() -> None:
    rounds, once = counting(200, 200, 5)

    async with running(Loop(name="x", once=once, every=NEVER)):
        await eventually(lambda: expect(len(rounds), 4))


async def test_a_loop_that_is_woken_looks_for_nothing_more_by_itself() -> None:
    rounds, once = counting(200, 200)
    loop = Loop(name="x", once=once, every=NEVER, woken=True)

    async with running(loop):
        await eventually(lambda: expect(len(rounds), 1))
        for _ in range(10):
            await asyncio.sleep(0)
        assert len(rounds) == 1
        loop.wake.set()
        await eventually(lambda: expect(len(rounds), 2))


async def test_an_error_does_not_end_the_loop() -> None:
    rounds, once = counting(ValueError(), DatabaseUnavailable(), 0)
    metrics = Metrics()

    async with running(Loop(name="x", once=once, every=0.01, metrics=metrics)):
        await eventually(lambda: expect(len(rounds) >= 3, True))

    assert metrics.value("loop_rounds", loop="x", outcome="failed") == 2


async def test_a_wake_cuts_the_wait_short() -> None:
    rounds, once = counting()
    loop = Loop(name="x", once=once, every=NEVER)

    async with running(loop):
        await eventually(lambda: expect(len(rounds), 1))
        loop.wake.set()
        await eventually(lambda: expect(len(rounds), 2))


async def test_a_wake_during_a_round_is_not_lost() -> None:
    rounds: list[int] = []

    async def once() -> int:
        rounds.append(0)
        if len(rounds) == 1:
            loop.wake.set()
        return 0

    loop = Loop(name="x", once=once, every=NEVER)
    async with running(loop):
        await eventually(lambda: expect(len(rounds), 2))


async def test_a_stop_lets_the_round_at_hand_end() -> None:
    began, finish, ended = asyncio.Event(), asyncio.Event(), []

    async def once() -> int:
        began.set()
        await finish.wait()
        ended.append(True)
        return 0

    async with running(Loop(name="x", once=once, every=NEVER)) as task:
        await began.wait()
        task.cancel()
        finish.set()
        await asyncio.wait({task})

    assert ended == [True]
    assert task.cancelled()


async def test_a_cancellation_from_inside_a_round_is_a_failure_like_any() -> None:
    rounds: list[int] = []

    async def once() -> int:
        rounds.append(0)
        if len(rounds) == 1:
            raise asyncio.CancelledError
        return 0

    async with running(Loop(name="x", once=once, every=0.01)):
        await eventually(lambda: expect(len(rounds) >= 2, True))


@pytest.mark.parametrize(("failures", "longest"), [(1, 2), (2, 4), (4, 16), (5, 30), (99, 30)])
def test_the_wait_doubles_with_each_failure_up_to_thirty_seconds(
    failures: int, longest: float
) -> None:
    _, once = counting()

    waits = [Loop(name="x", once=once, every=1.0).back_off(failures) for _ in range(50)]

    assert all(longest / 2 <= wait <= longest for wait in waits)


def expect(found: object, wanted: object) -> None:
    assert found == wanted


async def test_the_loop_of_a_sweep_goes_on_at_once_after_a_full_batch_alone() -> None:
    rounds, once = counting(500, 500, 7)
    sweep = Sweep(name="attic", what="old things", once=once, full=500)

    async with running(sweep.loop(NEVER)):
        await eventually(lambda: expect(len(rounds), 3))
        for _ in range(10):
            await asyncio.sleep(0)

    assert len(rounds) == 3
