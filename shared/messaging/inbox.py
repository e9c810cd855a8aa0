"""The inbox: what each consumer has taken, so that a second delivery has no second effect."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from shared.clock import Clock
from shared.db import Connection, Database
from shared.messaging.subscriptions import Message

KEPT = timedelta(days=45)  # longer than any redelivery; a dead letter knows that it was taken
SWEPT_AT_ONCE = 5000

# A row without a publisher is of a release that kept none: it stands for every publisher.
TAKE = """
INSERT INTO inbox (consumer, publisher, event_id, received_at)
SELECT consumer, publisher, event_id, $4
FROM unnest($1::text[], $2::text[], $3::uuid[]) AS taken (consumer, publisher, event_id)
WHERE NOT EXISTS (
    SELECT FROM inbox AS earlier
    WHERE earlier.consumer = taken.consumer
      AND earlier.publisher = ''
      AND earlier.event_id = taken.event_id
)
ORDER BY event_id, consumer, publisher
ON CONFLICT DO NOTHING
RETURNING consumer, publisher, event_id
"""

SWEEP = """
DELETE FROM inbox
WHERE ctid = ANY (ARRAY(SELECT ctid FROM inbox WHERE received_at < $1 LIMIT $2))
"""


async def take(tx: Connection, messages: Sequence[Message], now: datetime) -> Sequence[Message]:
    """Return the messages that this transaction is the first to take.

    Ids are each publisher's own: one that takes another's in a queue they share hides nothing.
    The rows are inserted in the order of their ids in every replica: or two of them deadlock.
    """
    found: dict[tuple[str, str, UUID], Message] = {}
    for message in messages:
        found.setdefault((message.queue, message.publisher, message.event.id), message)
    if not found:
        return ()
    consumers, publishers, ids = zip(*found, strict=True)
    rows = await tx.fetch(TAKE, consumers, publishers, ids, now)
    return [found[row["consumer"], row["publisher"], row["event_id"]] for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxSweep:
    """Forgets what was taken more than 45 days ago."""

    database: Database
    clock: Clock

    async def once(self) -> int:
        """Delete up to five thousand rows; return how many."""
        async with self.database.connection() as connection:
            status = await connection.execute(SWEEP, self.clock.now() - KEPT, SWEPT_AT_ONCE)
        return int(status.rpartition(" ")[2])
