"""Consumers: micro-batches through the inbox, together or each under a savepoint, then one ack."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from shared.clock import Clock
from shared.db import Database
from shared.messaging import effects, inbox
from shared.messaging.dead_letters import bury_unusable
from shared.messaging.effects import Failure
from shared.messaging.intake import Feeds
from shared.messaging.messages import Delivery
from shared.messaging.retries import Aftermath
from shared.messaging.subscriptions import (
    Message,
    Reader,
    Subscription,
    Undeliverable,
    Unknown,
    Unusable,
    origin_of,
    subscribe,
    subscribe_several,
)
from shared.metrics import Metrics

__all__ = [
    "Consumer",
    "Feeds",
    "Subscription",
    "Undeliverable",
    "origin_of",
    "subscribe",
    "subscribe_several",
]

SETTLE_SECONDS = 60.0


class Consumer:
    """Puts batches of one queue into the database; an Intake brings them.

    One transaction for a batch: the inbox drops what was taken before, the handlers run in an
    order that is the same in every replica, and what fails is filed for another try or as dead.
    """

    def __init__(
        self,
        *,
        queue: str,
        table: Iterable[Subscription],
        database: Database,
        clock: Clock,
        aftermath: Aftermath,
        metrics: Metrics,
    ) -> None:
        self.queue = queue
        self.database = database
        self.clock = clock
        self.aftermath = aftermath
        self.metrics = metrics
        self._reader = Reader(queue, table)

    async def settle(self, batch: Sequence[Delivery]) -> None:
        """Give every message of the batch its effect, or a row that says why it has none yet."""
        now = self.clock.now()
        messages: list[Message] = []
        unusable: list[Unusable] = []
        unknown = 0
        for delivery in batch:
            match self._reader.read(delivery.body, exchange=delivery.exchange):
                case Message() as message:
                    messages.append(message)
                case Unusable() as letter:
                    unusable.append(letter)
                case Unknown():
                    unknown += 1
        async with asyncio.timeout(SETTLE_SECONDS):
            try:
                fresh, failures = await self._take_effect(messages, unusable, now, effects.together)
            except effects.OneFailed:
                fresh, failures = await self._take_effect(
                    messages, unusable, now, effects.one_by_one
                )
        outcomes = Counter(
            handled=len(fresh) - len(failures),
            duplicate=len(messages) - len(fresh),
            unknown=unknown,
        )
        outcomes.update(letter.reason.value for letter in unusable)
        self._measure(outcomes, fresh, now)

    async def _take_effect(
        self,
        messages: Sequence[Message],
        unusable: Sequence[Unusable],
        now: datetime,
        apply: effects.Apply,
    ) -> tuple[Sequence[Message], Sequence[Failure]]:
        """Do all of it in one transaction; return what is new, and what of it failed."""
        async with self.database.transaction() as tx:
            fresh = await inbox.take(tx, messages, now)
            failures = await apply(tx, fresh)
            await self.aftermath.file(tx, failures, now)
            for letter in unusable:
                await bury_unusable(tx, self.queue, letter, now)
        return fresh, failures

    def _measure(self, outcomes: Counter[str], fresh: Sequence[Message], now: datetime) -> None:
        for outcome, count in outcomes.items():
            if count:
                self.metrics.count("consumer_messages", count, queue=self.queue, outcome=outcome)
        for message in fresh:
            lag = (now - message.event.time).total_seconds()
            self.metrics.observe("consumer_lag_seconds", max(lag, 0.0), queue=self.queue)
