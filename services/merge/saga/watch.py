"""MG-9: a merge that does not end is an alarm, in the metrics, in the log and in `check`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.merge.saga.model import Merge
from services.merge.saga.store import merges
from shared.clock import Clock
from shared.contracts.ids import MergeId
from shared.db import Database
from shared.logs import logger
from shared.metrics import Metrics

MOST = 100  # open merges looked at, oldest first; one is enough for an alarm

log = logger("merge")


@dataclass(slots=True, kw_only=True)
class Watch:
    """Looks at the open merges; each that is stuck is logged once by each replica."""

    database: Database
    clock: Clock
    metrics: Metrics
    patience: timedelta
    told: frozenset[MergeId] = field(default_factory=frozenset)

    async def once(self) -> int:
        """Measure, and log what has become stuck; always 0."""
        now = self.clock.now()
        opened = await self._opened()
        oldest = age(opened[0], now) if opened else timedelta()
        self.metrics.gauge("merge_oldest_open_seconds", oldest.total_seconds())
        stuck = self._stuck(opened, now)
        self.metrics.gauge("merges_stuck", len(stuck))
        found = frozenset(merge.id for merge in stuck)
        if found - self.told:
            log.error("merges_stuck", count=len(stuck), delay_seconds=oldest.total_seconds())
        self.told = found
        return 0

    async def warning(self) -> str | None:
        """Say what an operator should see to, or None."""
        stuck = self._stuck(await self._opened(), self.clock.now())
        if not stuck:
            return None
        oldest = stuck[0]
        awaited = ", ".join(sorted(oldest.progress.awaited))
        return (
            f"{len(stuck)}, the oldest ({oldest.id}) of {oldest.accepted_at:%Y-%m-%d %H:%M} "
            f"waits for {awaited}"
        )

    async def _opened(self) -> Sequence[Merge]:
        async with self.database.connection() as connection:
            return await merges.oldest_open(connection, limit=MOST)

    def _stuck(self, opened: Sequence[Merge], now: datetime) -> Sequence[Merge]:
        return [merge for merge in opened if age(merge, now) > self.patience]


def age(merge: Merge, now: datetime) -> timedelta:
    return max(now - merge.accepted_at, timedelta())
