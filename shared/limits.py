"""Limits: so often in a window, counted and decided by one statement for every purpose."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.db import Connection

HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)

# The row lock of the upsert puts parallel takers in a queue: each is judged by what those before it
# left. Only what is granted counts, so that one more is when the oldest leaves its window. Where a
# limit closes for a while ($8), one more is when that is over: what led there is forgotten then.
TAKE = """
INSERT INTO limits AS l (purpose, key, taken_at, granted, idle_at)
SELECT $1, key, array_fill($4::timestamptz, ARRAY[granted]), granted, $4::timestamptz + $7::interval
FROM (
    SELECT key, least(asked, (SELECT min(most) FROM unnest($5::int[]) AS most)) AS granted
    FROM unnest($2::bytea[], $3::int[]) AS wanted (key, asked)
) AS first
ORDER BY key
ON CONFLICT (purpose, key) DO UPDATE
SET (taken_at, granted, idle_at) = (
    SELECT
        recent.instants || array_fill($4::timestamptz, ARRAY[free.granted]),
        free.granted,
        CASE WHEN free.granted > 0 THEN greatest(l.idle_at, excluded.idle_at) ELSE l.idle_at END
    FROM
        (
            SELECT CASE
                WHEN count(*) = ($5::int[])[1] AND max(at) - min(at) < ($6::interval[])[1]
                THEN max(at) + $8::interval
            END AS until
            FROM (
                SELECT at FROM unnest(l.taken_at) AS at ORDER BY at DESC LIMIT ($5::int[])[1]
            ) AS newest
        ) AS closed,
        LATERAL (
            SELECT ARRAY(
                SELECT at FROM unnest(l.taken_at) AS at
                WHERE at > $4::timestamptz - $7::interval
                  AND (closed.until IS NULL OR closed.until > $4::timestamptz)
                ORDER BY at
            ) AS instants
        ) AS recent,
        LATERAL (
            SELECT CASE
                WHEN closed.until > $4::timestamptz THEN 0
                ELSE greatest(0, least(excluded.granted, min(most - taken)))
            END AS granted
            FROM (
                SELECT
                    most,
                    (
                        SELECT count(*)::int FROM unnest(recent.instants) AS at
                        WHERE at > $4::timestamptz - length
                    ) AS taken
                FROM unnest($5::int[], $6::interval[]) AS windows (most, length)
            ) AS counted
        ) AS free
)
RETURNING key, granted, taken_at
"""

SWEEP = """
DELETE FROM limits
WHERE (purpose, key) IN (
    SELECT purpose, key FROM limits
    WHERE idle_at <= $1
    ORDER BY purpose, key
    LIMIT $2
    FOR UPDATE SKIP LOCKED
)
RETURNING 1
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """How often something may happen to one key: at most so many in each of these windows.

    A pause between two is a window with one in it. One with a `closing` has one window: the last
    that fits into it closes the key for so long, and then counts begin anew (RC-2).
    """

    purpose: str
    windows: tuple[tuple[int, timedelta], ...]
    closing: timedelta | None = None

    @property
    def longest(self) -> timedelta:
        """How far back an instant counts."""
        return max(window for _, window in self.windows) + (self.closing or timedelta())

    def free_at(self, taken_at: Sequence[datetime], now: datetime) -> datetime:
        """Return when one more fits into every window; `now` where it does already."""
        newest_first = sorted(taken_at, reverse=True)
        if self.closing is not None:
            [(most, window)] = self.windows
            newest = newest_first[:most]
            closed = len(newest) == most and newest[0] - newest[-1] < window
            return max(now, newest[0] + self.closing) if closed else now
        ends = [
            newest_first[most - 1] + window
            for most, window in self.windows
            if 0 < most <= len(newest_first)
        ]
        return max((now, *ends))


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of those asked for of one key."""

    granted: int
    free_at: datetime
    """When one more may be asked for, of which who is refused is told."""


async def take(
    tx: Connection, limit: Limit, keys: Iterable[bytes], *, now: datetime
) -> Mapping[bytes, Taken]:
    """Count one for each key, as often as it is named, and return how many were within the limit.

    Rows are held until commit in the order of their keys, so that two replicas never wait for each
    other; who takes of two limits does so in the order of their purposes. A savepoint that is
    rolled back gives back what was taken. A call without keys is the same statement.
    """
    asked = Counter(keys)
    rows = await tx.fetch(
        TAKE,
        limit.purpose,
        list(asked.keys()),
        list(asked.values()),
        now,
        [most for most, _ in limit.windows],
        [window for _, window in limit.windows],
        limit.longest,
        limit.closing,
    )
    return {
        row["key"]: Taken(granted=row["granted"], free_at=limit.free_at(row["taken_at"], now))
        for row in rows
    }


async def wait(tx: Connection, limit: Limit, key: bytes, *, now: datetime) -> timedelta:
    """How long `take` would refuse one more, for what counts only where it goes wrong.

    Hold what stands for the key before, and take under it: else two pass where one is left.
    """
    taken_at = await tx.fetchval(
        "SELECT taken_at FROM limits WHERE purpose = $1 AND key = $2", limit.purpose, key
    )
    return limit.free_at(taken_at or (), now) - now
