"""The relay: publishes what the outbox holds and deletes what the broker confirmed."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.clock import Clock
from shared.contracts import topology
from shared.contracts.envelope import CONTENT_TYPE
from shared.db import Connection, Database, Row
from shared.errors import BrokerUnavailable
from shared.messaging.broker import Publisher
from shared.messaging.messages import Outcome, Outgoing
from shared.messaging.outbox import Wake
from shared.metrics import Metrics
from shared.randomness import Randomness

BATCH = 200
GATHER = 0.004  # seconds between rounds while rows keep coming: fewer, fuller transactions
ROUND_SECONDS = 10.0
LONGEST_DELAY = 30.0
LOOK_AGAIN = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)  # seconds after a wake that found nothing

CLAIM = """
SELECT id, event_id, routing_key, body, attempts
FROM outbox
WHERE exchange = $1 AND available_at <= $2
ORDER BY available_at, id
LIMIT $3
FOR UPDATE SKIP LOCKED
"""

# A relay whose machine is gone must not keep its rows locked.
BOUND = "SET LOCAL idle_in_transaction_session_timeout = '15s'"

DELETE = "DELETE FROM outbox WHERE id = ANY ($1)"

PUT_OFF = """
UPDATE outbox
SET attempts = outbox.attempts + 1, available_at = refused.available_at, last_error = refused.error
FROM unnest($1::bigint[], $2::timestamptz[], $3::text[]) AS refused (id, available_at, error)
WHERE outbox.id = refused.id
"""


def put_off(attempts: int, randomness: Randomness) -> timedelta:
    """Say how long a row waits that was returned or nacked: 1 s doubled, at most 30 s, jittered."""
    longest = min(LONGEST_DELAY, 2.0 ** min(attempts, 16))
    return timedelta(seconds=randomness.between(longest / 2, longest))


class Relay:
    """One exchange's relay; each replica runs one, and they never publish the same row at once.

    Rows stay locked from claim to delete, in a transaction bounded in time. So a relay that dies
    gives its rows back at once, and needs no lease to be fenced. A broker that is away costs a row
    nothing; a row it returns or refuses is put off, and stays until it can be delivered.
    """

    def __init__(
        self,
        *,
        exchange: str,
        database: Database,
        publisher: Publisher,
        clock: Clock,
        randomness: Randomness,
        metrics: Metrics,
        wake: Wake,
    ) -> None:
        self.exchange = exchange
        self.database = database
        self.publisher = publisher
        self.clock = clock
        self.randomness = randomness
        self.metrics = metrics
        self.wake = wake
        self._last = float("-inf")  # when the last round that published ended

    async def once(self) -> int:
        """Publish up to 200 rows; return how many were confirmed. Raises BrokerUnavailable."""
        loop = asyncio.get_running_loop()
        await self.publisher.ready()
        if (idle := loop.time() - self._last) < GATHER:
            await asyncio.sleep(GATHER - idle)
        began = loop.time()
        now = self.clock.now()
        async with asyncio.timeout(ROUND_SECONDS), self.database.transaction() as tx:
            rows = await tx.fetch(CLAIM, self.exchange, now, BATCH)
            if not rows:
                self._look_again(began)
                return 0
            await tx.execute(BOUND)
            outcomes = await self.publisher.publish([self._outgoing(row) for row in rows])
            await self._settle(tx, rows, outcomes, now)
        self.metrics.observe("relay_round_seconds", loop.time() - began)
        self._last = loop.time() if len(rows) < BATCH else self._last
        return self._count(outcomes)

    def _outgoing(self, row: Row) -> Outgoing:
        return Outgoing(
            message_id=str(row["event_id"]),
            exchange=self.exchange,
            routing_key=row["routing_key"],
            body=row["body"],
            content_type="application/json" if self.exchange == topology.SESSIONS else CONTENT_TYPE,
        )

    async def _settle(
        self, tx: Connection, rows: Sequence[Row], outcomes: Sequence[Outcome], now: datetime
    ) -> None:
        confirmed = []
        refused: list[tuple[int, datetime, str]] = []
        for row, outcome in zip(rows, outcomes, strict=True):
            if outcome is Outcome.CONFIRMED:
                confirmed.append(row["id"])
            elif outcome is not Outcome.AWAY:
                due = now + put_off(row["attempts"], self.randomness)
                refused.append((row["id"], due, outcome.value))
        if confirmed:
            await tx.execute(DELETE, confirmed)
        if refused:
            await tx.execute(PUT_OFF, *zip(*refused, strict=True))

    def _count(self, outcomes: Sequence[Outcome]) -> int:
        by_outcome = Counter(outcomes)
        confirmed = by_outcome.pop(Outcome.CONFIRMED, 0)
        away = by_outcome.pop(Outcome.AWAY, 0)
        self.metrics.count("relay_published", confirmed)
        for outcome, count in by_outcome.items():
            self.metrics.count("relay_refused", count, reason=outcome.value)
        if away:
            raise BrokerUnavailable(f"{away} of {len(outcomes)} messages were not confirmed")
        return confirmed

    def _look_again(self, began: float) -> None:
        """The wake comes before the commit: look again soon, each time a little later."""
        since = began - self.wake.touched
        loop = asyncio.get_running_loop()
        pause = next((pause for pause in LOOK_AGAIN if pause > since), None)
        if pause is not None:
            loop.call_later(pause, self.wake.event.set)
