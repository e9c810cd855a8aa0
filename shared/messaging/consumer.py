"""Consumers: micro-batches through the inbox, together or each under a savepoint, then one ack."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.clock import Clock
from shared.contracts.envelope import is_envelope
from shared.db import Database
from shared.logs import correlated, logger
from shared.messaging import effects, inbox
from shared.messaging.dead_letters import bury, tell
from shared.messaging.effects import Failure
from shared.messaging.messages import Delivery
from shared.messaging.retries import Aftermath
from shared.messaging.subscriptions import Letter, Message, Reader, Reason, stories
from shared.metrics import Metrics

SETTLE_SECONDS = 60.0

log = logger("consumer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """Puts batches of one queue into the database; an Intake brings them.

    One transaction for a batch: the inbox drops what was taken before, the handlers run in an
    order that is the same in every replica, and what fails is filed for another try or as dead.
    """

    reader: Reader
    database: Database
    clock: Clock
    aftermath: Aftermath
    metrics: Metrics

    @property
    def queue(self) -> str:
        """The one it takes from."""
        return self.reader.queue

    async def settle(self, batch: Sequence[Delivery]) -> None:
        """Give every message of the batch its effect, or a row that says why it has none yet."""
        now = self.clock.now()
        read = [self._read(delivery) for delivery in batch]
        messages = [one for one in read if isinstance(one, Message)]
        letters = [one for one in read if isinstance(one, Letter)]
        with correlated(*stories(read)):
            async with asyncio.timeout(SETTLE_SECONDS):
                fresh, failures = await self._take_effects(messages, letters, now)
            if messages:
                log.info("events_settled", queue=self.queue, count=len(messages))
        for letter in letters:
            tell(letter)
        outcomes = Counter(handled=len(fresh) - len(failures), duplicate=len(messages) - len(fresh))
        outcomes.update(letter.reason.value for letter in letters)
        self._measure(outcomes, fresh, now)

    def _read(self, delivery: Delivery) -> Message | Letter:
        """Read what says that it is an envelope; a replay goes by the body alone."""
        if is_envelope(delivery.content_type):
            return self.reader.read(
                delivery.body, publisher=delivery.publisher, exchange=delivery.exchange
            )
        return Letter(
            queue=self.queue,
            exchange=delivery.exchange,
            publisher=delivery.publisher,
            body=delivery.body,
            reason=Reason.UNREADABLE,
            detail="its content type is not that of a CloudEvents envelope",
        )

    async def _take_effects(
        self, messages: Sequence[Message], letters: Sequence[Letter], now: datetime
    ) -> tuple[Sequence[Message], Sequence[Failure]]:
        """All together at first; where one fails, once more and each under its own savepoint."""
        try:
            return await self._take_effect(messages, letters, now, effects.together)
        except effects.OneFailed:
            return await self._take_effect(messages, letters, now, effects.one_by_one)

    async def _take_effect(
        self,
        messages: Sequence[Message],
        letters: Sequence[Letter],
        now: datetime,
        apply: effects.Apply,
    ) -> tuple[Sequence[Message], Sequence[Failure]]:
        """Do all of it in one transaction; return what is new, and what of it failed."""
        async with self.database.transaction() as tx:
            fresh = await inbox.take(tx, messages, now)
            failures = await apply(tx, fresh)
            await self.aftermath.file(tx, failures, now)
            await bury(tx, letters, now)
        return fresh, failures

    def _measure(self, outcomes: Counter[str], fresh: Sequence[Message], now: datetime) -> None:
        for outcome, count in outcomes.items():
            if count:
                self.metrics.count("consumer_messages", count, queue=self.queue, outcome=outcome)
        for message in fresh:
            lag = (now - message.event.time).total_seconds()
            self.metrics.observe("consumer_lag_seconds", max(lag, 0.0), queue=self.queue)
