"""The inbox: what each consumer has taken, so that a second delivery has no second effect."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from shared.clock import Clock
from shared.db import Connection, Database
from shared.messaging.subscriptions import Message

KEPT = timedelta(days=45)  # longer than any redelivery; a dead letter knows that it was taken
SWEPT_AT_ONCE = 5000

TAKE = """
INSERT INTO inbox (consumer, event_id, received_at)
SELECT consumer, event_id, $3
FROM unnest($1::text[], $2::uuid[]) AS taken (consumer, event_id)
ORDER BY event_id, consumer
ON CONFLICT DO NOTHING
RETURNING consumer, event_id
"""

SWEEP = """
DELETE FROM inbox
WHERE ctid = ANY (ARRAY(SELECT ctid FROM inbox WHERE received_at < $1 LIMIT $2))
"""


async def take(tx: Connection, messages: Sequence[Message], now: datetime) -> Sequence[Message]:
    """Return the messages that this transaction is the first to take.

    The rows are inserted in the order of their ids in every replica: or two of them deadlock.
    """
    found: dict[tuple[str, UUID], Message] = {}
    for message in messages:
        found.setdefault((message.consumer, message.event.id), message)
    if not found:
        return ()
    consumers, ids = zip(*found, strict=True)
    rows = await tx.fetch(TAKE, consumers, ids, now)
    return [found[row["consumer"], row["event_id"]] for row in rows]


class InboxSweep:
    """Forgets what was taken more than 45 days ago."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self.database = database
        self.clock = clock

    async def once(self) -> int:
        """Delete up to five thousand rows; return how many."""
        async with self.database.connection() as connection:
            status = await connection.execute(SWEEP, self.clock.now() - KEPT, SWEPT_AT_ONCE)
        return int(status.rpartition(" ")[2])
