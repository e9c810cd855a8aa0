"""Brings back what vanished couriers left behind, and ends what waits with a dead link."""

from dataclasses import dataclass
from datetime import datetime

from services.notify.sending.model import Abandoned, Settlement
from services.notify.sending.store import settlements as store
from services.notify.sending.verdicts import after_abandonment
from shared.clock import Clock
from shared.db import Database
from shared.logs import about, correlated, logger
from shared.metrics import Metrics
from shared.randomness import Randomness

BATCH = 200

log = logger("reaper")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaper:
    """A lease that ran out is settled by its own token, as its courier would have done it."""

    database: Database
    clock: Clock
    randomness: Randomness
    metrics: Metrics

    async def once(self) -> int:
        """Return how many deliveries were brought back or ended."""
        return await self._bring_back() + await self._expire()

    async def _bring_back(self) -> int:
        now = self.clock.now()
        async with self.database.transaction() as tx:
            left = await store.list_abandoned(tx, now=self.clock.unshifted(), limit=BATCH)
            if left:
                await store.settle(tx, [self._settlement(delivery, now) for delivery in left])
        for delivery in left:
            self.metrics.count("deliveries_reaped", message_class=delivery.message_class)
            with correlated(delivery.correlation_id), about(delivery_id=delivery.id):
                log.warning("lease_ran_out", phase=delivery.phase)
        return len(left)

    def _settlement(self, delivery: Abandoned, now: datetime) -> Settlement:
        jitter = self.randomness.between(0.8, 1.2)
        answer, verdict = after_abandonment(delivery, now=now, jitter=jitter)
        return Settlement(
            delivery_id=delivery.id,
            token=delivery.lease_token,
            verdict=verdict,
            answer=answer,
            at=now,
        )

    async def _expire(self) -> int:
        async with self.database.connection() as connection:
            return await store.expire(connection, now=self.clock.now(), limit=BATCH)
