"""The source budget (LG-4): 50 refusals in 5 minutes over all public verbs, then 429."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from shared.clock import Clock
from shared.db import Connection, Database
from shared.group_commit import GroupCommit
from shared.http.problems import TooManyRequests
from shared.http.sources import place_of
from shared.logs import logger
from shared.metrics import Metrics

log = logger("source_budget")

WIDTHS = ((1, 1), (256, 4), (65536, 16))  # how many /64s a /64, a /56, a /48 is; its budgets

# Rows of a replica that knows no subnets have fewer of them than refusals: none is the first.
TOLD = """
  FROM unnest({of}.refusals, {of}.subnets) WITH ORDINALITY AS told (at, subnet, place)
"""
# Of each width that is full, the refusal whose end lets in: as many as there are budgets ago.
FREES = f"""
WITH live AS MATERIALIZED (
    SELECT at, coalesce(subnet, 0) AS subnet
      FROM source_budget AS budget, LATERAL (SELECT at, subnet {TOLD.format(of="budget")}) AS told
     WHERE source = $1 AND at > $2
)
SELECT max(frees.at)
  FROM (VALUES {", ".join(f"({subnets}, {budgets})" for subnets, budgets in WIDTHS)})
       AS width (subnets, budgets),
       LATERAL (SELECT at FROM live WHERE subnet / subnets = $3::integer / subnets
                 ORDER BY at DESC OFFSET budgets * $4::bigint - 1 LIMIT 1) AS frees
"""  # noqa: S608 - columns of ours

# One statement counts and decides. The row lock of the upsert puts parallel refusals in a queue,
# so exactly as many get a row back as each width has budgets for, and may be told. Rows are locked
# in the order of their sources, so that two replicas never wait for each other.
COUNT = f"""
INSERT INTO source_budget AS budget (source, refusals, subnets, last_at)
SELECT source, ARRAY[$2::timestamptz], ARRAY[subnet], $2
  FROM unnest($1::text[], $5::integer[]) AS refused (source, subnet)
 ORDER BY source
ON CONFLICT (source) DO UPDATE
   SET (refusals, subnets, last_at) = (
           SELECT array_agg(at ORDER BY place) || excluded.refusals,
                  array_agg(coalesce(subnet, 0) ORDER BY place) || excluded.subnets,
                  greatest(budget.last_at, excluded.last_at)
           {TOLD.format(of="budget")}
            WHERE at > $3
       )
 WHERE (
           SELECT count(*) FILTER (WHERE coalesce(subnet, 0) = excluded.subnets[1]) < $4
              AND count(*) FILTER (WHERE coalesce(subnet, 0) / 256 = excluded.subnets[1] / 256)
                      < 4 * $4
              AND count(*) < 16 * $4
           {TOLD.format(of="budget")}
            WHERE at > $3
       )
RETURNING source
"""  # noqa: S608 - columns of ours

SWEEP = """
DELETE FROM source_budget
 WHERE source IN (SELECT source FROM source_budget WHERE last_at <= $1 LIMIT $2
                     FOR UPDATE SKIP LOCKED)
   AND last_at <= $1
RETURNING 1
"""

# A refusal that counts on a client counts on its source as well.
SHARES = """
SELECT source, count(*) AS refusals FROM source_budget, unnest(refusals) AS at
 WHERE last_at > $1 AND at > $1 AND source NOT LIKE 'client:%'
 GROUP BY source ORDER BY refusals DESC
"""
OVERALL = f"SELECT coalesce(sum(refusals), 0)::bigint FROM ({SHARES}) AS shares"  # noqa: S608 - ours
CLIENT = "client:"  # before the id of a client at whose secret somebody tries
SWEPT = 1000  # rows a round
ENOUGH = 50  # refusals, before one source's share of them means anything


@dataclass(slots=True, kw_only=True)
class SourceBudget:
    """What a source is told decides, never what is behind it: hit and miss count alike.

    Nothing clears it but time. An IPv6 client counts with its /56 and its /48 as well.
    """

    database: Database
    clock: Clock
    metrics: Metrics
    limit: int
    window: timedelta
    alarm_at: int
    alarmed: bool = field(default=False, init=False)
    _told: GroupCommit[str, bool] = field(init=False)

    def __post_init__(self) -> None:
        self._told = GroupCommit(
            database=self.database, write=self._count, key=lambda source: place_of(source).row
        )

    async def check(self, source: str) -> None:
        """Raise TooManyRequests while the budget is used up. Counts nothing."""
        async with self.database.connection() as connection:
            wait = await self._wait(connection, source)
        if wait is not None:
            raise self._exhausted(wait)

    async def used_up(self, tx: Connection, source: str) -> bool:
        """Say the same inside the transaction of a right guess, which is then not told.

        Asked after the work and before the commit: what was told is never taken back by a 429, and
        of parallel guesses none is told once as many wrong ones were.
        """
        return await self._wait(tx, source) is not None

    async def count(self, source: str) -> None:
        """Count one refusal about to be told. Raises TooManyRequests where it may not be told."""
        if await self._told(source):
            self.metrics.count("source_refusals")
            return
        async with self.database.connection() as connection:
            wait = await self._wait(connection, source)
        raise self._exhausted(wait or 0.0)

    async def once(self) -> int:
        """Raise the alarm when many sources guess together (LG-4); always 0."""
        async with self.database.connection() as connection:
            overall = await connection.fetchval(OVERALL, self.clock.now() - self.window)
        self.metrics.gauge("source_refusals_recent", overall)
        self._alarm(overall)
        return 0

    async def sweep(self) -> int:
        """Forget up to SWEPT sources that were told nothing for the window; return how many."""
        async with self.database.connection() as connection:
            swept = await connection.fetch(SWEEP, self.clock.now() - self.window, SWEPT)
        return len(swept)

    async def warning(self) -> str | None:
        """Say where one source makes up most refusals: all people behind a proxy, as a rule."""
        async with self.database.connection() as connection:
            shares = await connection.fetch(SHARES, self.clock.now() - self.window)
        overall = sum(share["refusals"] for share in shares)
        if overall < ENOUGH or shares[0]["refusals"] * 2 < overall:
            return None
        source, refusals = shares[0]
        return (
            f"{refusals} of {overall} refusals go to {source}; if that is a proxy or a gateway, "
            "name it in PORTICO_TRUSTED_PROXIES, or its people share one budget"
        )

    async def _count(self, connection: Connection, sources: Sequence[str]) -> Sequence[bool]:
        """Say for each, no two of one row, whether it may be told."""
        now, places = self.clock.now(), [place_of(source) for source in sources]
        counted = await connection.fetch(
            COUNT,
            [place.row for place in places],
            now,
            now - self.window,
            self.limit,
            [place.subnet for place in places],
        )
        told = {row["source"] for row in counted}
        return [place.row in told for place in places]

    async def _wait(self, connection: Connection, source: str) -> float | None:
        """Seconds until something may be told again; None where it may be now."""
        now, place = self.clock.now(), place_of(source)
        since = now - self.window
        frees = await connection.fetchval(FREES, place.row, since, place.subnet, self.limit)
        return None if frees is None else (frees - since).total_seconds()

    def _alarm(self, overall: int) -> None:
        alarmed = overall >= self.alarm_at
        self.metrics.gauge("source_alarm", int(alarmed))
        if alarmed and not self.alarmed:
            log.warning("source_alarm", count=overall, threshold=self.alarm_at)
        self.alarmed = alarmed

    def _exhausted(self, wait: float) -> TooManyRequests:
        self.metrics.count("source_exhausted")
        return TooManyRequests(retry_after=max(1.0, wait))
