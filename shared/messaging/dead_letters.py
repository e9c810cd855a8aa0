"""Dead letters: what no further try mends by itself, with its reason, and an operator's verbs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from shared.clock import Clock
from shared.contracts.topology import DOORS
from shared.db import Connection, Database
from shared.logs import logger
from shared.messaging.subscriptions import Letter, Reason
from shared.metrics import Metrics

TEXT_LENGTH = 500
KEPT = timedelta(days=30)  # they hold addresses, names, usernames
WARN_AFTER = timedelta(days=20)
SWEPT_AT_ONCE = 1000
KEPT_OF_LARGER = 256  # bytes of a body that no door takes, for an operator to look at

log = logger("dead_letters")

FILE = """
INSERT INTO dead_letters (
    consumer, exchange, publisher, body, event_id, event_type, taken, reason, detail, attempts,
    died_at
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (consumer, body_digest) DO NOTHING
"""

LIST = """
SELECT id, consumer, event_id, event_type, reason, detail, attempts, died_at
FROM dead_letters
WHERE ($1::text IS NULL OR consumer = $1) AND id > $2
ORDER BY id
LIMIT $3
"""

# A release before this one kept no publisher, and of a death no exchange that can be believed.
RETURNING = """
    RETURNING
        consumer, exchange, body, taken,
        CASE reason WHEN 'broker' THEN coalesce(publisher, '') ELSE publisher END AS publisher
"""

RAISED = """
INSERT INTO inbox_retry
    (consumer, exchange, publisher, body, taken, attempts, due_at, error, created_at)
SELECT consumer, exchange, publisher, body, taken, 0, $1, 'replayed', $1 FROM raised
"""

REPLAY = f"""
WITH raised AS (
    DELETE FROM dead_letters
    WHERE $2::bigint[] IS NULL OR id = ANY ($2)
    {RETURNING}
)
{RAISED}
"""  # noqa: S608 - words of ours

RECALL = f"""
WITH known AS (
    SELECT consumer, event_type FROM unnest($2::text[], $3::text[]) AS known (consumer, event_type)
), raised AS (
    DELETE FROM dead_letters AS letter USING known
    WHERE letter.reason = 'unknown_type'
      AND letter.consumer = known.consumer
      AND letter.event_type = known.event_type
    RETURNING letter.consumer, letter.exchange, letter.publisher, letter.body, letter.taken
)
{RAISED}
"""  # noqa: S608 - words of ours

DISCARD = "DELETE FROM dead_letters WHERE $1::bigint[] IS NULL OR id = ANY ($1)"

BURIED = """
SELECT count(*) AS depth, min(died_at) AS oldest, count(*) FILTER (WHERE died_at < $1) AS ending
FROM dead_letters
"""

SWEEP = """
WITH swept AS (
    DELETE FROM dead_letters
    WHERE id = ANY (ARRAY(SELECT id FROM dead_letters WHERE died_at < $1 ORDER BY id LIMIT $2))
    RETURNING consumer
)
SELECT consumer, count(*) AS count FROM swept GROUP BY consumer
"""

# Of a queue that a release before had: no loop tries these, and nobody would ever see them.
SWEEP_LEFT = """
WITH swept AS (
    DELETE FROM inbox_retry
    WHERE id = ANY (
        ARRAY(
            SELECT id FROM inbox_retry
            WHERE due_at < $1 AND consumer <> ALL ($3::text[])
            ORDER BY id
            LIMIT $2
        )
    )
    RETURNING consumer
)
SELECT consumer, count(*) AS count FROM swept GROUP BY consumer
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """One row as an operator sees it: never the body, which may hold personal data."""

    id: int
    consumer: str
    event_id: UUID | None
    event_type: str | None
    reason: Reason
    detail: str
    attempts: int
    died_at: datetime


def storable(text: str) -> str:
    """Make a text column take it: a poison's own words must not fail its burial, and its batch."""
    encodable = text[:TEXT_LENGTH].encode(errors="replace").decode()
    return encodable.replace("\0", "\N{REPLACEMENT CHARACTER}")


def as_kept(queue: str, body: bytes) -> bytes:
    """Cut a body larger than the queue's door takes, whoever gave it up: what practices' systems
    write is as large as the broker lets it be, and would be kept for 30 days.
    """
    largest = next((door.largest for door in DOORS if door.queue == queue), len(body))
    return body if len(body) <= largest else body[:KEPT_OF_LARGER]


async def bury(tx: Connection, letters: Iterable[Letter], now: datetime) -> None:
    """File letters, all in one round trip."""
    rows = [
        (
            letter.queue,
            letter.exchange,
            letter.publisher,
            letter.body,
            letter.event_id,
            None if letter.event_type is None else storable(letter.event_type),
            letter.taken,
            letter.reason,
            storable(letter.detail),
            letter.attempts,
            now,
        )
        for letter in letters
    ]
    if rows:
        await tx.executemany(FILE, rows)


def tell(letter: Letter) -> None:
    """Log that a message came to nothing, in whose story, and why; never what stood in it."""
    log.warning(
        "message_unusable",
        queue=letter.queue,
        event_id=letter.event_id,
        event_type=letter.event_type,
        correlation_id=letter.correlation_id,
        exchange=letter.exchange,
        outcome=letter.reason,
    )


async def list_dead(
    database: Database, *, consumer: str | None = None, after: int = 0, limit: int = 100
) -> Sequence[DeadLetter]:
    """List dead letters, oldest first, a page after the given id."""
    async with database.connection() as connection:
        rows = await connection.fetch(LIST, consumer, after, limit)
    return [DeadLetter(**{**dict(row), "reason": Reason(row["reason"])}) for row in rows]


async def warning(database: Database, *, now: datetime) -> str | None:
    """Say how many wait for an operator, and how many not for much longer, or None."""
    async with database.connection() as connection:
        row = await connection.fetchrow(BURIED, now - WARN_AFTER)
    if row is None or not row["depth"]:
        return None
    told = f"{row['depth']}, the oldest of {row['oldest']:%Y-%m-%d %H:%M}"
    if row["ending"]:
        told += f"; {row['ending']} older than {WARN_AFTER.days} days, deleted at {KEPT.days}"
    return told


async def replay(tx: Connection, *, ids: Sequence[int] | None, now: datetime) -> int:
    """Hand dead letters (None: all) to the retry loop again, as if never tried; return how many.

    One that cannot be handled still is a dead letter again. One that a release before this one has
    filed counts as sent by the owner of its exchange, unless RabbitMQ had given it up.
    """
    status = await tx.execute(REPLAY, now, ids)
    return int(status.rpartition(" ")[2])


async def discard(tx: Connection, *, ids: Sequence[int] | None) -> int:
    """Delete dead letters (None: all) for good; return how many."""
    status = await tx.execute(DISCARD, ids)
    return int(status.rpartition(" ")[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """Takes up again what was filed as of an unknown type and has a handler in this release.

    While two releases run side by side, the older may be handed what only the newer knows.
    """

    known: Sequence[tuple[str, str]]  # queue and type
    database: Database
    clock: Clock

    async def once(self) -> int:
        """Hand all of them to the retry loop; return how many."""
        queues, types = [queue for queue, _ in self.known], [known for _, known in self.known]
        async with self.database.connection() as connection:
            status = await connection.execute(RECALL, self.clock.now(), queues, types)
        return int(status.rpartition(" ")[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterSweep:
    """Deletes dead letters after 30 days, and retries of queues that are no more.

    They hold what people are mailed. Whoever is to mend them is warned from the 20th day on.
    """

    queues: Sequence[str]
    database: Database
    clock: Clock
    metrics: Metrics

    async def once(self) -> int:
        """Delete up to a thousand of each; return how many. Each loss is counted and logged."""
        before = self.clock.now() - KEPT
        async with self.database.connection() as connection:
            swept = [
                *await connection.fetch(SWEEP, before, SWEPT_AT_ONCE),
                *await connection.fetch(SWEEP_LEFT, before, SWEPT_AT_ONCE, self.queues),
            ]
        for row in swept:
            self.metrics.count("dead_letters_swept", row["count"], queue=row["consumer"])
            log.warning("dead_letters_swept", queue=row["consumer"], count=row["count"])
        return sum(row["count"] for row in swept)
