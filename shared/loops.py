"""Every loop of a service: `run()` around a testable `once()`."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import cast

from shared.errors import Unavailable
from shared.logs import logger
from shared.metrics import Metrics
from shared.randomness import Randomness

GRACE = 5.0  # seconds for the round at hand when the process stops
LONGEST_WAIT = 30.0  # seconds, after repeated errors
SOON = 1.0  # the same, for what readiness waits for
JITTER = 0.2  # as a part of what a loop rests

log = logger("loops")


class RoundCancelled(Exception):
    """Something inside a round was cancelled though nobody stops the loop: a failure like any."""


def stopped() -> bool:
    """Whether this task was cancelled, though something inside swallowed that.

    Python 3.11's wait_for does, where its work ends in the same moment; drivers use it.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What is over and serves nothing any more: it goes batch by batch, by a loop of each replica,
    or to the last row of it by an operator's `purge` (ST-3).
    """

    name: str  # of its loop
    what: str  # goes, in words for an operator
    once: Callable[[], Awaitable[int]]  # deletes a batch; how many that were
    full: int = 1  # so many at once say that there may be more

    def loop(self, every: float) -> "Loop":
        """Make the loop, which rests after what was no full batch."""
        return Loop(name=self.name, once=self._round, every=every, sweep=self)

    async def _round(self) -> int:
        return await self.once() // self.full


@dataclass(slots=True, kw_only=True)
class Loop:
    """Call `once` again and again. It returns how much it did: then another round follows at once,
    but of a loop that is `woken` by whatever there is more to do.

    An error is logged and counted, and the next round waits longer (to 30 s, with jitter).
    `wake` lets the same process cut a wait short. Real waits use the event loop's own time.
    """

    name: str
    once: Callable[[], Awaitable[int]]
    every: float  # seconds between rounds that found nothing
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    woken: bool = False  # what comes sets `wake`: a round more to look for it would find nothing
    randomness: Randomness = field(default_factory=Randomness)
    longest_wait: float = LONGEST_WAIT
    metrics: Metrics | None = None  # the runtime hands in its own
    sweep: Sweep | None = None  # what it does, where that is deleting what is over

    async def run(self) -> None:
        """Go on until cancelled. Errors are never the end of a loop."""
        failures = 0
        while not stopped():
            self.wake.clear()  # before the round, so that a wake during it is not lost
            done = 0
            try:
                done = await self._unbroken()
                failures = 0
            except Exception as error:
                failures += 1
                self._tell(error, failures)
            if failures:
                await asyncio.sleep(self.back_off(failures))
            elif done and not self.woken:
                await asyncio.sleep(0)  # a busy loop lets the others go on
            else:
                await self._rest()

    def back_off(self, failures: int) -> float:
        """Wait `every` doubled with each failure in a row, to `longest_wait`, half of it jittered.

        A wake does not cut this short: work that keeps coming must not make a broken loop spin.
        """
        return self.randomness.back_off(max(self.every, 0.1), self.longest_wait, doubled=failures)

    async def _unbroken(self) -> int:
        """A cancellation lets the round at hand end: nobody could say what a broken one did."""
        task = asyncio.create_task(self._round())
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            this = asyncio.current_task()
            if task.cancelled() and (this is None or not this.cancelling()):
                raise RoundCancelled(self.name) from None
            try:
                await asyncio.wait({task}, timeout=GRACE)
            finally:
                task.cancel()
            await asyncio.wait({task})
            if not task.cancelled() and (error := task.exception()) is not None:
                self._tell(cast(Exception, error), failures=1)
            raise

    async def _round(self) -> int:
        started = asyncio.get_running_loop().time()
        done = await self.once()
        if self.metrics is not None:
            took = asyncio.get_running_loop().time() - started
            self.metrics.observe("loop_round_seconds", took, loop=self.name)
            self.metrics.count("loop_rounds", loop=self.name, outcome="done" if done else "idle")
            self.metrics.count("loop_done", done, loop=self.name)
        return done

    async def _rest(self) -> None:
        spread = self.every * JITTER
        wait = self.every + self.randomness.between(-spread, spread)
        try:
            async with asyncio.timeout(wait):
                await self.wake.wait()
        except TimeoutError:
            return

    def _tell(self, error: Exception, failures: int) -> None:
        if self.metrics is not None:
            self.metrics.count("loop_rounds", loop=self.name, outcome="failed")
        if isinstance(error, Unavailable):  # expected while the database or the broker is away
            if failures == 1:
                log.warning("loop_waits", loop=self.name, error=error)
            return
        log.error("loop_failed", loop=self.name, error=error, attempt=failures)
