"""Client budgets (ST-1): how much one client may do of a kind in an hour, then `client_budget`.

They bound what a stolen secret can do. `shared/limits.py` keeps an instant for each that it grants;
a budget of 100,000 keeps a count for each minute.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from shared.clock import Clock
from shared.db import Connection, Database, Row
from shared.group_commit import GroupCommit
from shared.metrics import Metrics

S = TypeVar("S")

MINUTE = 60  # seconds
HOUR = 60  # minutes

# What calls of one client ask for together comes summed up, the smallest first: the largest sum
# that fits grants as many of them as can fit. A minute counts until all of it is an hour ago.
SPEND = """
WITH asked AS MATERIALIZED (
    SELECT client, budget, most, upto
      FROM unnest($1::text[], $2::text[], $3::integer[], $4::integer[])
           AS asked (client, budget, most, upto)
)
INSERT INTO client_budgets AS kept (client, budget, minutes, counts, granted)
SELECT client, budget, ARRAY[$5::integer], ARRAY[granted], granted
  FROM (SELECT client, budget, coalesce(max(upto) FILTER (WHERE upto <= most), 0) AS granted
          FROM asked GROUP BY client, budget) AS first
 ORDER BY client, budget
ON CONFLICT (client, budget) DO UPDATE
   SET (minutes, counts, granted) = (
           SELECT array_agg(minute ORDER BY minute),
                  array_agg(count ORDER BY minute),
                  fits.granted
             FROM (SELECT coalesce(max(upto), 0) AS granted
                     FROM asked
                    WHERE asked.client = kept.client AND asked.budget = kept.budget
                      AND upto <= most - (SELECT coalesce(sum(count), 0)
                                            FROM unnest(kept.minutes, kept.counts)
                                                 AS spent (minute, count)
                                           WHERE minute >= $5 - $6::integer)) AS fits,
                  LATERAL (SELECT minute, sum(count)::integer AS count
                             FROM (SELECT minute, count
                                     FROM unnest(kept.minutes, kept.counts)
                                          AS spent (minute, count)
                                    WHERE minute >= $5 - $6::integer
                                    UNION ALL
                                   SELECT $5, fits.granted) AS counted
                            GROUP BY minute) AS live
            GROUP BY fits.granted
       )
RETURNING client, budget, minutes, counts, granted
"""

# In the minute that it was counted in: given back in a later one it would be there once more after
# the first has stopped counting. What the hour has taken back already is not there to be given.
GIVE_BACK = """
UPDATE client_budgets
   SET granted = -$4::integer,
       counts = ARRAY (SELECT CASE WHEN minute = $3 THEN count - $4 ELSE count END
                         FROM unnest(minutes, counts) AS spent (minute, count)
                        ORDER BY minute)
 WHERE client = $1 AND budget = $2
RETURNING minutes, counts
"""

READ = "SELECT minutes, counts FROM client_budgets WHERE client = $1 AND budget = $2"


@dataclass(frozen=True, slots=True)
class Budget(Generic[S]):
    """What a route's calls count on. `most` is how much that is an hour, of the service's settings.

    A call counts for as many as its body says (`Body.counts_as`), before its work, whatever becomes
    of it: nothing is given back, also not to a repetition by its idempotency key. So a stolen
    client cannot try on for ever what is refused. What does not fit counts nothing; where it does
    not fit into the second of two, the first is given back.
    """

    name: str
    most: Callable[[S], int]
    shown: bool = False
    """Of looks: a call counts for as many records as its reply shows, and for one at least. The
    most that it could show is counted before its work, or calls that come together would show more
    than is left; what it did not show is given back once it has answered.
    """


def bounded(
    verb: str, counts_on: tuple[Budget[S], ...], uncounted: str, *, of_a_practice: bool
) -> tuple[Budget[S], ...]:
    """Return what a verb's calls count on. Raises TypeError where a practice's client, or whoever
    has stolen its secret, could call it without end, and nobody says why that may be (ST-1).
    """
    if of_a_practice and bool(counts_on) == bool(uncounted):
        raise TypeError(
            f"{verb} is a practice's: let it count on a budget of its client's (`counts_on`), or"
            " say in `uncounted` why a stolen secret may call it without end"
        )
    if (counts_on or uncounted) and not of_a_practice:
        raise TypeError(
            f"{verb} counts on a client: guard it by Practice or Staff, whose client has one"
        )
    return counts_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a client stands with a budget of its own."""

    budget: str
    most: int
    spent: Sequence[tuple[int, int]]  # how much in which minute, the oldest first
    now: datetime

    @property
    def used(self) -> int:
        """How much was granted within the hour."""
        return sum(count for _, count in self.spent)

    @property
    def left(self) -> int:
        """How much more may be done at once; none where the setting was lowered meanwhile."""
        return max(0, self.most - self.used)

    @property
    def more_in(self) -> int:
        """Seconds until some of it comes back; 0 where nothing is used."""
        return self.seconds_until(self.left + 1) if self.used else 0

    def seconds_until(self, left: int) -> int:
        """How long it is until so much is left, which is when a minute has counted for an hour."""
        missing, back = left + self.used - self.most, 0
        for minute, count in self.spent:
            if missing <= 0:
                break
            missing, back = missing - count, (minute + HOUR + 1) * MINUTE
        return max(0, back - int(self.now.timestamp()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Where a client stands once a call is counted; `wait` is in seconds, where it does not fit."""

    standings: Sequence[Standing]
    wait: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a call asks of one budget."""

    client: str
    budget: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What became of it."""

    granted: bool
    standing: Standing


@dataclass(slots=True, kw_only=True)
class ClientBudgets:
    """Counts by a statement of its own, which calls that come together share.

    In the transaction of the work, the row's lock would let a client's calls be done one by one.
    """

    database: Database
    clock: Clock
    metrics: Metrics
    most: Mapping[str, int]  # by the budget's name
    _counted: GroupCommit[Asked, Counted] = field(init=False)

    def __post_init__(self) -> None:
        self._counted = GroupCommit(database=self.database, write=self.count)

    async def spend(self, client: str, asked: Mapping[str, int]) -> Spent:
        """Count all that is asked, or nothing where it does not fit into one of the budgets."""
        standings: list[Standing] = []
        for budget, amount in asked.items():
            counted = await self._counted(Asked(client, budget, amount))
            if not counted.granted:
                self.metrics.count("client_budget_met", budget=budget)
                back = [await self.give_back(client, one, asked[one.budget]) for one in standings]
                return Spent(
                    standings=[*back, counted.standing],
                    wait=counted.standing.seconds_until(amount),
                )
            standings.append(counted.standing)
        return Spent(standings=standings)

    async def give_back(self, client: str, counted: Standing, amount: int) -> Standing:
        """Take back so much of what was counted as this says, and say where that leaves it."""
        now = self.clock.now()
        async with self.database.connection() as connection:
            row = await connection.fetchrow(
                GIVE_BACK, client, counted.budget, minute_of(counted.now), amount
            )
        return self._standing(counted.budget, row, now)

    async def standing(self, client: str) -> Sequence[Standing]:
        """Where it stands with every budget of this service, in the order of their names."""
        now = self.clock.now()
        async with self.database.connection() as connection:
            rows = {
                budget: await connection.fetchrow(READ, client, budget)
                for budget in sorted(self.most)
            }
        return [self._standing(budget, row, now) for budget, row in rows.items()]

    async def count(self, connection: Connection, calls: Sequence[Asked]) -> Sequence[Counted]:
        """Grant of each client's calls as many as fit, the smallest first, by one statement.

        In a transaction of its caller's it holds these clients until that ends.
        """
        now = self.clock.now()
        sums: dict[tuple[str, str], int] = defaultdict(int)
        upto = [0] * len(calls)
        for place in sorted(range(len(calls)), key=lambda place: calls[place].amount):
            call = calls[place]
            sums[call.client, call.budget] += call.amount
            upto[place] = sums[call.client, call.budget]
        rows = await connection.fetch(
            SPEND,
            [call.client for call in calls],
            [call.budget for call in calls],
            [self.most[call.budget] for call in calls],
            upto,
            minute_of(now),
            HOUR,
        )
        found = {(row["client"], row["budget"]): row for row in rows}
        return [
            Counted(
                granted=upto[place] <= found[call.client, call.budget]["granted"],
                standing=self._standing(call.budget, found[call.client, call.budget], now),
            )
            for place, call in enumerate(calls)
        ]

    def _standing(self, budget: str, row: Row | None, now: datetime) -> Standing:
        spent = zip(row["minutes"], row["counts"], strict=True) if row else ()
        return Standing(
            budget=budget,
            most=self.most[budget],
            spent=[
                (minute, count)
                for minute, count in spent
                if count and minute >= minute_of(now) - HOUR
            ],
            now=now,
        )


def told_of(standings: Sequence[Standing]) -> Mapping[str, str]:
    """The headers that tell a budget before it is met (draft-ietf-httpapi-ratelimit-headers-10)."""
    if not standings:
        return {}
    window = HOUR * MINUTE
    return {
        "RateLimit-Policy": ", ".join(
            f'"{one.budget}";q={one.most};w={window}' for one in standings
        ),
        "RateLimit": ", ".join(f'"{one.budget}";r={one.left};t={one.more_in}' for one in standings),
    }


def minute_of(now: datetime) -> int:
    """The minute that it is, since 1970."""
    return int(now.timestamp()) // MINUTE
