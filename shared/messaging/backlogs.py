"""Backlogs: how much waits in the outbox, for another try and as dead, and for how long."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.clock import Clock
from shared.db import Database
from shared.messaging.broker import Broker
from shared.metrics import Metrics

OUTBOX = "SELECT count(*) AS depth, min(created_at) AS oldest FROM outbox"
RETRIES = "SELECT consumer, count(*) AS depth FROM inbox_retry GROUP BY consumer"
DEAD = "SELECT consumer, count(*) AS depth FROM dead_letters GROUP BY consumer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlogs:
    """Measures the three tables; the age of the oldest outbox row is what to alarm on."""

    queues: Sequence[str]
    broker: Broker
    database: Database
    clock: Clock
    metrics: Metrics

    async def once(self) -> int:
        """Set the gauges; always 0, since there is never more to do at once."""
        self.metrics.gauge("broker_connected", float(self.broker.connected))
        async with self.database.connection() as connection:
            outbox = await connection.fetchrow(OUTBOX)
            retries = await connection.fetch(RETRIES)
            dead = await connection.fetch(DEAD)
        if outbox is not None:
            oldest = outbox["oldest"]
            age = (self.clock.now() - oldest).total_seconds() if oldest else 0.0
            self.metrics.gauge("outbox_depth", outbox["depth"])
            self.metrics.gauge("outbox_oldest_seconds", max(age, 0.0))
        for name, rows in (("inbox_retries", retries), ("dead_letters", dead)):
            depths = dict.fromkeys(self.queues, 0) | {row["consumer"]: row["depth"] for row in rows}
            for queue, depth in depths.items():
                self.metrics.gauge(name, depth, queue=queue)
        return 0
