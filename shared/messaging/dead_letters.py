"""Dead letters: what no further try mends by itself, with its reason, and an operator's verbs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.clock import Clock
from shared.contracts import topology
from shared.db import Connection, Database
from shared.messaging.messages import Delivery
from shared.messaging.subscriptions import Message, Reader, Reason, Unknown, Unusable
from shared.metrics import Metrics

TEXT_LENGTH = 500

FILE = """
INSERT INTO dead_letters
    (consumer, exchange, body, event_id, event_type, taken, reason, detail, attempts, died_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (consumer, body_digest) DO NOTHING
"""

LIST = """
SELECT id, consumer, event_id, event_type, reason, detail, attempts, died_at
FROM dead_letters
WHERE ($1::text IS NULL OR consumer = $1) AND id > $2
ORDER BY id
LIMIT $3
"""

REPLAY = """
WITH raised AS (
    DELETE FROM dead_letters
    WHERE $1::bigint[] IS NULL OR id = ANY ($1)
    RETURNING consumer, exchange, body, taken
)
INSERT INTO inbox_retry (consumer, exchange, body, taken, attempts, due_at, error, created_at)
SELECT consumer, exchange, body, taken, 0, $2, 'replayed', $2 FROM raised
"""

DISCARD = "DELETE FROM dead_letters WHERE $1::bigint[] IS NULL OR id = ANY ($1)"

BURIED = "SELECT count(*) AS depth, min(died_at) AS oldest FROM dead_letters"


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


async def bury(
    tx: Connection, message: Message, reason: Reason, detail: str, now: datetime, *, attempts: int
) -> None:
    """File a message that a handler has seen."""
    await tx.execute(
        FILE,
        message.consumer,
        message.exchange,
        message.body,
        message.event.id,
        message.type,
        True,
        reason,
        storable(detail),
        attempts,
        now,
    )


async def bury_unusable(
    tx: Connection, consumer: str, letter: Unusable, now: datetime, *, taken: bool = False
) -> None:
    """File a body that no handler has seen."""
    await tx.execute(
        FILE,
        consumer,
        letter.exchange,
        letter.body,
        letter.event_id,
        None if letter.event_type is None else storable(letter.event_type),
        taken,
        letter.reason,
        storable(letter.detail),
        0,
        now,
    )


async def list_dead(
    database: Database, *, consumer: str | None = None, after: int = 0, limit: int = 100
) -> Sequence[DeadLetter]:
    """List dead letters, oldest first, a page after the given id."""
    async with database.connection() as connection:
        rows = await connection.fetch(LIST, consumer, after, limit)
    return [DeadLetter(**{**dict(row), "reason": Reason(row["reason"])}) for row in rows]


async def warning(database: Database) -> str | None:
    """Say how many wait for an operator, or None."""
    async with database.connection() as connection:
        row = await connection.fetchrow(BURIED)
    if row is None or not row["depth"]:
        return None
    return f"{row['depth']}, the oldest of {row['oldest']:%Y-%m-%d %H:%M}"


async def replay(database: Database, *, ids: Sequence[int] | None, now: datetime) -> int:
    """Hand dead letters (None: all) to the retry loop again, as if never tried; return how many."""
    async with database.connection() as connection:
        status = await connection.execute(REPLAY, ids, now)
    return int(status.rpartition(" ")[2])


async def discard(database: Database, *, ids: Sequence[int] | None) -> int:
    """Delete dead letters (None: all) for good; return how many."""
    async with database.connection() as connection:
        status = await connection.execute(DISCARD, ids)
    return int(status.rpartition(" ")[2])


class Drainer:
    """Files what the broker itself gave up: the net for what stops a process before it can say."""

    def __init__(self, *, service: str, database: Database, clock: Clock, metrics: Metrics) -> None:
        self.queue = topology.dead(service)
        self.database = database
        self.clock = clock
        self.metrics = metrics
        self._reader = Reader(self.queue, ())

    async def settle(self, batch: Sequence[Delivery]) -> None:
        """File the batch in one transaction; the acknowledgement comes after it."""
        now = self.clock.now()
        async with self.database.transaction() as tx:
            for delivery in batch:
                consumer = self.queue if delivery.death is None else delivery.death.queue
                await bury_unusable(tx, consumer, self._letter(delivery), now)
        self.metrics.count("consumer_messages", len(batch), queue=self.queue, outcome=Reason.BROKER)

    def _letter(self, delivery: Delivery) -> Unusable:
        read = self._reader.read(delivery.body, exchange=delivery.exchange)
        return Unusable(
            exchange=delivery.exchange,
            body=delivery.body,
            reason=Reason.BROKER,
            detail="no x-death header" if delivery.death is None else delivery.death.reason,
            event_id=read.event_id if isinstance(read, Unknown) else None,
            event_type=read.event_type if isinstance(read, Unknown) else None,
        )
