"""The source budget (LG-4): 50 refusals in 5 minutes over all public verbs, then 429."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.clock import Clock
from shared.db import Database
from shared.http.problems import TooManyRequests
from shared.logs import logger
from shared.metrics import Metrics

log = logger("source_budget")

LIVE = """
SELECT coalesce(array_agg(at ORDER BY at), '{}')
  FROM source_budget, unnest(refusals) AS at
 WHERE source = $1 AND at > $2
"""

# One statement counts and decides. The row lock of the upsert puts parallel refusals in a queue,
# so exactly `limit` of them get a row back and may be told.
COUNT = """
INSERT INTO source_budget AS budget (source, refusals, last_at)
VALUES ($1, ARRAY[$2::timestamptz], $2)
ON CONFLICT (source) DO UPDATE
   SET refusals = ARRAY(SELECT at FROM unnest(budget.refusals) AS at WHERE at > $3 ORDER BY at)
                  || excluded.refusals,
       last_at = greatest(budget.last_at, excluded.last_at)
 WHERE (SELECT count(*) FROM unnest(budget.refusals) AS at WHERE at > $3) < $4
RETURNING cardinality(refusals)
"""

SWEEP = """
DELETE FROM source_budget
 WHERE source IN (SELECT source FROM source_budget WHERE last_at <= $1 LIMIT 1000
                     FOR UPDATE SKIP LOCKED)
   AND last_at <= $1
RETURNING 1
"""

OVERALL = """
SELECT count(*) FROM source_budget, unnest(refusals) AS at WHERE last_at > $1 AND at > $1
"""


@dataclass(slots=True, kw_only=True)
class SourceBudget:
    """What a source is told decides, never what is behind it: hit and miss count alike.

    Nothing clears it but time; a success while it is used up is told as 429 too.
    """

    database: Database
    clock: Clock
    metrics: Metrics
    limit: int
    window: timedelta
    alarm_at: int
    alarmed: bool = field(default=False, init=False)

    async def check(self, source: str) -> None:
        """Raise TooManyRequests while the budget is used up. Counts nothing."""
        now = self.clock.now()
        async with self.database.connection() as connection:
            live = await connection.fetchval(LIVE, source, now - self.window)
        if len(live) >= self.limit:
            raise self._exhausted(live, now)

    async def count(self, source: str) -> None:
        """Count one refusal about to be told. Raises TooManyRequests where it may not be told."""
        now = self.clock.now()
        since = now - self.window
        async with self.database.connection() as connection:
            told = await connection.fetchval(COUNT, source, now, since, self.limit)
            if told is not None:
                self.metrics.count("source_refusals")
                return
            live = await connection.fetchval(LIVE, source, since)
        raise self._exhausted(live, now)

    async def once(self) -> int:
        """Sweep what is over, and raise the alarm when many sources guess together (LG-4)."""
        since = self.clock.now() - self.window
        async with self.database.connection() as connection:
            swept = await connection.fetch(SWEEP, since)
            overall = await connection.fetchval(OVERALL, since)
        self.metrics.gauge("source_refusals_recent", overall)
        self._alarm(overall)
        return len(swept) // 1000  # a full sweep goes on at once, a part of one rests

    def _alarm(self, overall: int) -> None:
        alarmed = overall >= self.alarm_at
        self.metrics.gauge("source_alarm", int(alarmed))
        if alarmed and not self.alarmed:
            log.warning("source_alarm", count=overall, threshold=self.alarm_at)
        self.alarmed = alarmed

    def _exhausted(self, live: list[datetime], now: datetime) -> TooManyRequests:
        self.metrics.count("source_exhausted")
        frees = live[-self.limit] if len(live) >= self.limit else now  # the one whose end lets in
        wait = (frees + self.window - now).total_seconds()
        return TooManyRequests(retry_after=max(1.0, wait))
