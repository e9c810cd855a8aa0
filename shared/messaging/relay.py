"""The relay: publishes what the outbox holds and deletes what the broker confirmed."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.clock import Clock
from shared.contracts import topology
from shared.contracts.envelope import CONTENT_TYPE
from shared.db import Connection, Database, Row
from shared.errors import BrokerUnavailable
from shared.logs import logger
from shared.messaging.broker import Publisher
from shared.messaging.messages import Outcome, Outgoing
from shared.messaging.subscriptions import envelope_of
from shared.metrics import Metrics
from shared.randomness import Randomness

BATCH = 200
ROUND_SECONDS = 10.0
LONGEST_DELAY = 30.0
DOUBT_SECONDS = 15.0  # between two tries of the keys for which nothing was confirmed

log = logger("relay")

# A relay whose machine is gone must not keep its rows locked: the claim bounds its transaction, as
# SET LOCAL would by a round trip of its own.
CLAIM = """
SELECT id, event_id, routing_key, body, attempts,
       set_config('idle_in_transaction_session_timeout', '15s', true)
FROM outbox
WHERE exchange = $1 AND available_at <= $2 AND routing_key <> ALL ($4::text[])
ORDER BY available_at, id
LIMIT $3
FOR UPDATE SKIP LOCKED
"""

CLAIM_ONE = """
SELECT id, event_id, routing_key, body, attempts,
       set_config('idle_in_transaction_session_timeout', '15s', true)
FROM outbox
WHERE exchange = $1 AND routing_key = $2
ORDER BY available_at, id
LIMIT 1
FOR UPDATE SKIP LOCKED
"""

# One that its twin holds counts as well.
ANY_LEFT = "SELECT EXISTS (SELECT FROM outbox WHERE exchange = $1 AND routing_key = $2)"

DELETE = "DELETE FROM outbox WHERE id = ANY ($1)"

PUT_OFF = """
UPDATE outbox
SET attempts = outbox.attempts + 1, available_at = refused.available_at, last_error = refused.error
FROM unnest($1::bigint[], $2::timestamptz[], $3::text[]) AS refused (id, available_at, error)
WHERE outbox.id = refused.id
"""

WAITING = """
SELECT exchange, routing_key, count(*) AS depth, min(created_at) AS oldest,
       max(last_error) AS last_error
FROM outbox
WHERE created_at < $1
GROUP BY exchange, routing_key
ORDER BY oldest
LIMIT 5
"""
LATE = timedelta(minutes=1)  # a row is published within milliseconds


def put_off(attempts: int, randomness: Randomness) -> timedelta:
    """Say how long a row waits that was returned or nacked: 1 s doubled, at most 30 s, jittered."""
    return timedelta(seconds=randomness.back_off(1.0, LONGEST_DELAY, doubled=attempts))


def kept_if_beside(outcome: Outcome) -> Outcome:
    """Put nothing off that was unconfirmed among others: it may only have been beside the one."""
    return Outcome.AWAY if outcome is Outcome.UNCONFIRMED else outcome


async def warning(database: Database, *, now: datetime) -> str | None:
    """Name what is not published though it should have been long ago, or None."""
    async with database.connection() as connection:
        rows = await connection.fetch(WAITING, now - LATE)
    told = (
        f"{row['depth']} of {row['routing_key'] or row['exchange']} since "
        f"{row['oldest']:%Y-%m-%d %H:%M} ({row['last_error'] or 'not tried'})"
        for row in rows
    )
    return "; ".join(told) or None


@dataclass(slots=True, kw_only=True)
class Doubts:
    """The routing keys for which the broker confirms nothing, and when they are tried again.

    A queue that is down confirms nothing, and all that goes to it is behind a key that is bound to
    it. So keys are held back, and one message of each is tried apart, in a loop beside the
    relay's: all of them wait their five seconds together, and the others go on meanwhile.
    """

    exchange: str
    randomness: Randomness
    metrics: Metrics
    wake: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    # By key: whether it was shown to be one, and told.
    _held: dict[str, bool] = field(default_factory=dict, init=False)
    _next: float = field(default=float("-inf"), init=False)  # the next try, by the loop's time

    @property
    def keys(self) -> Sequence[str]:
        """Those held back."""
        return tuple(self._held)

    def due(self, now: float) -> Sequence[str]:
        """All of them where it is time to try, or none."""
        return self.keys if self._next <= now else ()

    def suspect(self, keys: Iterable[str]) -> None:
        """Hold back what was unconfirmed among others: which of them it was, a try apart says."""
        for key in keys:
            if key not in self._held:
                self._held[key] = False
                self._next = float("-inf")
                self.wake.set()
        self._measure()

    def tried(self, keys: Sequence[str], now: float) -> None:
        """Note that these were tried. The next try is a while later, or now if others came."""
        if self.keys == keys:
            self._next = now + self.randomness.between(DOUBT_SECONDS / 2, DOUBT_SECONDS)

    def keep(self, key: str) -> None:
        """Go on holding a key back, whose message was unconfirmed where it was alone."""
        if not self._held[key]:
            self._held[key] = True
            log.error("nothing_confirmed", exchange=self.exchange, event_type=key)

    def clear(self, key: str) -> None:
        """Let a key go: the broker has confirmed one of its messages, or none is left."""
        if self._held.pop(key):
            log.warning("confirmed_again", exchange=self.exchange, event_type=key)
        self._measure()

    def _measure(self) -> None:
        self.metrics.gauge("relay_unconfirmed", len(self._held), exchange=self.exchange)


@dataclass(slots=True, kw_only=True)
class Relay:
    """One exchange's relay; each replica runs one, and they never publish the same row at once.

    Rows stay locked from claim to delete, in a transaction bounded in time. So a relay that dies
    gives its rows back at once, and needs no lease to be fenced. A broker that is away costs a row
    nothing; a row it returns or refuses is put off, and stays until it can be delivered.
    """

    exchange: str
    database: Database
    publisher: Publisher
    apart: Publisher  # for what is doubted: a try that is stuck takes its connection along
    clock: Clock
    randomness: Randomness
    metrics: Metrics
    wake: asyncio.Event
    doubts: Doubts = field(init=False)

    def __post_init__(self) -> None:
        self.doubts = Doubts(
            exchange=self.exchange, randomness=self.randomness, metrics=self.metrics
        )

    async def once(self) -> int:
        """Publish up to 200 rows; return how many were confirmed. Raises BrokerUnavailable.

        What is committed after the claim wakes the next round, and so does a claim that was full.
        """
        loop = asyncio.get_running_loop()
        await self.publisher.ready()
        began = loop.time()
        now = self.clock.now()
        async with asyncio.timeout(ROUND_SECONDS), self.database.transaction() as tx:
            self.wake.clear()
            rows = await tx.fetch(CLAIM, self.exchange, now, BATCH, self.doubts.keys)
            if not rows:
                return 0
            outcomes = await self.publisher.publish([self._outgoing(row) for row in rows])
            await self._settle(tx, rows, [kept_if_beside(one) for one in outcomes], now)
        self.doubts.suspect(
            row["routing_key"]
            for row, outcome in zip(rows, outcomes, strict=True)
            if outcome is Outcome.UNCONFIRMED
        )
        self.metrics.observe("relay_round_seconds", loop.time() - began)
        if len(rows) == BATCH:
            self.wake.set()
        return self._count(outcomes)

    async def try_apart(self) -> int:
        """Publish the oldest row of each doubted key, if it is time, on a channel of its own.

        Returns how many were confirmed; their keys are the relay's again.
        """
        loop = asyncio.get_running_loop()
        if not (keys := self.doubts.due(loop.time())):
            return 0
        await self.apart.ready()
        now = self.clock.now()
        async with asyncio.timeout(ROUND_SECONDS), self.database.transaction() as tx:
            found = [await tx.fetchrow(CLAIM_ONE, self.exchange, key) for key in keys]
            rows = [row for row in found if row is not None]
            none = set(keys) - {row["routing_key"] for row in rows}
            gone = [key for key in none if not await tx.fetchval(ANY_LEFT, self.exchange, key)]
            outcomes = await self.apart.publish_apart([self._outgoing(row) for row in rows])
            await self._settle(tx, rows, outcomes, now)
        if Outcome.AWAY not in outcomes:
            self.doubts.tried(keys, loop.time())
        for key in gone:
            self.doubts.clear(key)
        for row, outcome in zip(rows, outcomes, strict=True):
            if outcome is Outcome.CONFIRMED:
                self.doubts.clear(row["routing_key"])
            elif outcome is Outcome.UNCONFIRMED:
                self.doubts.keep(row["routing_key"])
        if self.doubts.keys != keys:
            self.wake.set()
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
        """Delete what was confirmed; put off what was refused."""
        confirmed = []
        refused: list[tuple[int, datetime, str]] = []
        for row, outcome in zip(rows, outcomes, strict=True):
            if outcome is Outcome.CONFIRMED:
                confirmed.append(row["id"])
            elif outcome is not Outcome.AWAY:
                due = now + put_off(row["attempts"], self.randomness)
                refused.append((row["id"], due, outcome.value))
                self._tell(row, outcome)
        if confirmed:
            await tx.execute(DELETE, confirmed)
        if refused:
            await tx.execute(PUT_OFF, *zip(*refused, strict=True))

    def _tell(self, row: Row, outcome: Outcome) -> None:
        """Log once for each row that it waits, and whose story waits with it."""
        if row["attempts"]:
            return
        envelope = envelope_of(row["body"])
        log.warning(
            "event_not_taken",
            exchange=self.exchange,
            event_type=row["routing_key"],
            event_id=row["event_id"],
            correlation_id=envelope and envelope.correlationid,
            outcome=outcome,
        )

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
