"""Intake: a queue's messages in micro-batches, each worked until it is settled, then one ack.

A batch is what came while the one before was worked: one message alone waits for nobody.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from shared.clock import Clock
from shared.errors import Unavailable
from shared.logs import logger
from shared.loops import stopped
from shared.messaging.broker import Broker, Deliveries
from shared.messaging.messages import Delivery
from shared.metrics import Metrics
from shared.randomness import Randomness

BATCH = 100
PREFETCH = 300
"""The next batches come while one is worked; a crash counts against all of them. Where practices'
systems write, each body is as large as the broker's `max_message_size` lets it be: at the MiB that
`deploy/rabbitmq/portico.conf` sets, 300 MiB of a replica's memory."""
HOLD_SECONDS = 60.0  # how long a batch is kept while the database is away
GRACE_SECONDS = 5.0  # for the batch at hand when the service stops
LONGEST_WAIT = 1.0  # seconds between tries: a broker or database that is back is used at once

log = logger("intake")

Settle = Callable[[Sequence[Delivery]], Awaitable[None]]


class Settler(Protocol):
    """Who puts the batches of one queue into the database."""

    @property
    def queue(self) -> str:
        """The one it takes from."""

    async def settle(self, batch: Sequence[Delivery]) -> None:
        """Settle a batch in one transaction; the acknowledgement comes after it."""


class Feeds:
    """Which queues this replica is registered for at the broker, and since when."""

    def __init__(self) -> None:
        self._since: dict[str, datetime] = {}

    def connected_since(self, queue: str) -> datetime | None:
        """Return when the consumer of that queue was last registered; None while it is not."""
        return self._since.get(queue)

    def note(self, queue: str, since: datetime | None) -> None:
        """Note that the consumer was registered, or (None) that it no longer is."""
        if since is None:
            self._since.pop(queue, None)
        else:
            self._since[queue] = since


@dataclass(slots=True, kw_only=True)
class Intake:
    """One consumer of one queue. `settle` puts a batch into the database, in one transaction.

    While the database is away nothing more is taken in, and the batch at hand is kept and tried
    again: handing it back would count against its delivery limit each time.
    """

    queue: str
    settle: Settle
    broker: Broker
    clock: Clock
    feeds: Feeds
    metrics: Metrics
    randomness: Randomness
    _failures: int = field(default=0, init=False)

    async def run(self) -> None:
        """Consume until cancelled; a channel, a connection or a database that ends is no end."""
        while not stopped():
            try:
                await self._consume()
            except Exception as error:
                self._failures += 1
                self._tell(error)
            if self._failures:
                await asyncio.sleep(self._back_off())

    async def once(self) -> int:
        """Settle up to a hundred messages that are there now, without waiting; return how many."""
        async with self.broker.pull() as deliveries:
            batch = await deliveries.pull(self.queue, BATCH)
            if batch:
                await self.settle(batch)
                await deliveries.ack(batch)
        return len(batch)

    async def drain(self) -> int:
        """Settle until the queue is empty; return how many messages there were."""
        total = 0
        while taken := await self.once():
            total += taken
        return total

    async def _consume(self) -> None:
        """Work through one channel's life."""
        async with self.broker.consume(self.queue, prefetch=PREFETCH) as deliveries:
            self._note(connected=True)
            try:
                while batch := await deliveries.batch(BATCH):
                    await self._settle_unbroken(deliveries, batch)
            finally:
                self._note(connected=False)

    async def _settle_unbroken(self, deliveries: Deliveries, batch: Sequence[Delivery]) -> None:
        """Settle and acknowledge; a cancellation waits for a batch that has begun.

        Cut off near its commit, nobody could say whether it took effect.
        """
        task = asyncio.create_task(self._settle(deliveries, batch))
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task}, timeout=GRACE_SECONDS)
            task.cancel()
            await asyncio.wait({task})
            raise

    async def _settle(self, deliveries: Deliveries, batch: Sequence[Delivery]) -> None:
        began = asyncio.get_running_loop().time()
        try:
            await self.settle(batch)
        except Exception as error:
            self._failures += 1
            self._tell(error)
            await deliveries.stop()
            await self._hold(batch, until=began + HOLD_SECONDS)
        await deliveries.ack(batch)
        self._failures = 0
        took = asyncio.get_running_loop().time() - began
        self.metrics.observe("consumer_batch_seconds", took, queue=self.queue)

    async def _hold(self, batch: Sequence[Delivery], *, until: float) -> None:
        """Keep a batch and try it again until it is settled, or the time is up and it goes back."""
        while True:
            await asyncio.sleep(self._back_off())
            try:
                await self.settle(batch)
            except Exception:
                self._failures += 1
                if asyncio.get_running_loop().time() >= until:
                    raise
            else:
                return

    def _back_off(self) -> float:
        return self.randomness.back_off(0.1, LONGEST_WAIT, doubled=self._failures)

    def _note(self, *, connected: bool) -> None:
        self.feeds.note(self.queue, self.clock.now() if connected else None)
        self.metrics.gauge("consumer_connected", float(connected), queue=self.queue)

    def _tell(self, error: Exception) -> None:
        if not isinstance(error, Unavailable):
            log.error("batch_failed", queue=self.queue, error=error, attempt=self._failures)
        elif self._failures == 1:
            log.warning("consumer_waits", queue=self.queue, error=error)
