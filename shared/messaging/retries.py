"""Retries: messages whose handler failed wait in a table, with back-off, until they work or die."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.clock import Clock
from shared.contracts import topology
from shared.db import Connection, Database, Row, told_by, unfit
from shared.logs import correlated, logger
from shared.messaging import effects, inbox
from shared.messaging.dead_letters import bury, storable, tell
from shared.messaging.effects import Failure
from shared.messaging.subscriptions import Letter, Message, Reader, Reason, Undeliverable, stories
from shared.metrics import Metrics
from shared.randomness import Randomness

BATCH = 50
LATE = timedelta(minutes=1)  # the loop looks every second

log = logger("retries")

KEEP = """
INSERT INTO inbox_retry
    (consumer, exchange, publisher, body, taken, attempts, due_at, error, created_at)
VALUES ($1, $2, $3, $4, true, $5, $6, $7, $8)
"""

CLAIM = """
SELECT id, exchange, publisher, body, taken, attempts
FROM inbox_retry
WHERE consumer = $1 AND due_at <= $2
ORDER BY due_at, id
LIMIT $3
FOR UPDATE SKIP LOCKED
"""

OVERDUE = "SELECT count(*) AS depth, min(due_at) AS oldest FROM inbox_retry WHERE due_at < $1"

FORGET = "DELETE FROM inbox_retry WHERE id = ANY ($1)"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Twelve tries: after 1 s, 2 s, 4 s … at most 10 min apart, half of it jittered: 27 min."""

    attempts: int = 12
    first: float = 1.0
    longest: float = 600.0

    def is_last(self, attempts: int) -> bool:
        """Whether a message that failed this often is dead."""
        return attempts >= self.attempts

    def delay(self, attempts: int, randomness: Randomness) -> timedelta:
        """Say how long to wait after that many tries."""
        wait = randomness.back_off(self.first, self.longest, doubled=attempts - 1)
        return timedelta(seconds=wait)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What becomes of messages whose handler raised: another try later, or a dead letter."""

    randomness: Randomness
    metrics: Metrics
    policy: RetryPolicy = RetryPolicy()

    async def file(self, tx: Connection, failures: Sequence[Failure], now: datetime) -> None:
        """Write each failure down in the transaction of its batch."""
        letters = []
        for failure in failures:
            message, attempts = failure.message, failure.message.attempts + 1
            outcome = self._judge(failure, attempts)
            if outcome is None:
                due_at = now + self.policy.delay(attempts, self.randomness)
                error = describe(failure.error)
                await tx.execute(
                    KEEP,
                    message.queue,
                    message.exchange,
                    message.publisher,
                    message.body,
                    attempts,
                    due_at,
                    error,
                    now,
                )
            else:
                letters.append(given_up(failure, outcome, attempts))
            self._tell(failure, outcome, attempts)
        await bury(tx, letters, now)

    def _judge(self, failure: Failure, attempts: int) -> Reason | None:
        if isinstance(failure.error, Undeliverable) or unfit(failure.error):
            return Reason.UNDELIVERABLE
        return Reason.EXHAUSTED if self.policy.is_last(attempts) else None

    def _tell(self, failure: Failure, outcome: Reason | None, attempts: int) -> None:
        message, told = failure.message, "failed" if outcome is None else outcome.value
        self.metrics.count("consumer_messages", queue=message.queue, outcome=told)
        log.warning(
            "message_failed",
            queue=message.queue,
            event_id=message.event.id,
            event_type=message.type,
            correlation_id=message.correlation_id,
            traceparent=message.event.traceparent,
            outcome=told,
            attempt=attempts,
            error=failure.error,
        )


def given_up(failure: Failure, reason: Reason, attempts: int) -> Letter:
    """Make a dead letter of what a handler has seen."""
    message = failure.message
    return Letter(
        queue=message.queue,
        exchange=message.exchange,
        publisher=message.publisher,
        body=message.body,
        reason=reason,
        detail=describe(failure.error),
        event_id=message.event.id,
        event_type=message.type,
        correlation_id=message.correlation_id,
        taken=True,
        attempts=attempts,
    )


def describe(error: Exception) -> str:
    """Say what went wrong, for an operator to list: only our own words, which hold no values."""
    if isinstance(error, Undeliverable):
        return storable(f"{type(error).__name__}: {error}")
    return storable(told_by(error))


async def warning(database: Database, *, now: datetime) -> str | None:
    """Say how many retries nobody makes though their time has come, or None."""
    async with database.connection() as connection:
        row = await connection.fetchrow(OVERDUE, now - LATE)
    if row is None or not row["depth"]:
        return None
    return f"{row['depth']} overdue, the oldest since {row['oldest']:%Y-%m-%d %H:%M}"


def publisher_of(row: Row) -> str | None:
    """Say whose a kept message is: a release before this one went by its exchange alone."""
    kept: str | None = row["publisher"]
    return topology.owner(row["exchange"]) if kept is None else kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """The loop that tries again what is due, of one queue: none waits for another's (NT-1)."""

    reader: Reader
    database: Database
    clock: Clock
    aftermath: Aftermath

    async def once(self) -> int:
        """Try up to fifty due messages in one transaction; return how many there were."""
        now = self.clock.now()
        with ExitStack() as story:  # around the transaction: its end can fail as well
            async with self.database.transaction() as tx:
                rows = await tx.fetch(CLAIM, self.reader.queue, now, BATCH)
                read = [self._read(row) for row in rows]
                story.enter_context(correlated(*stories(read)))
                if rows:
                    await self._try(tx, read, now)
                    await tx.execute(FORGET, [row["id"] for row in rows])
        return len(rows)

    def _read(self, row: Row) -> Message | Letter:
        return self.reader.read(
            row["body"],
            publisher=publisher_of(row),
            exchange=row["exchange"],
            taken=row["taken"],
            attempts=row["attempts"],
        )

    async def _try(self, tx: Connection, read: Sequence[Message | Letter], now: datetime) -> None:
        messages = [one for one in read if isinstance(one, Message)]
        letters = [one for one in read if isinstance(one, Letter)]
        due = [message for message in messages if message.taken]
        due += await inbox.take(tx, [one for one in messages if not one.taken], now)
        await self.aftermath.file(tx, await effects.one_by_one(tx, due), now)
        await bury(tx, letters, now)
        for letter in letters:
            tell(letter)
