"""What is due and has not been taken: looked at, for who asks how late couriers are."""

from datetime import datetime

from services.notify.preferences.model import TO_AN_ADDRESS, Means
from services.notify.sending.store.turns import LOWEST, RING
from shared.db import Connection


async def oldest_due(connection: Connection, *, before: datetime) -> tuple[int, datetime | None]:
    """Return how many are due since before then, and since when the oldest is: of each class by its
    own index of what is queued, not from a ledger of years.
    """
    row = await connection.fetchrow(
        """
        SELECT count(*) AS late, min(due_at) AS oldest FROM (
            SELECT due_at FROM deliveries
            WHERE class = 'account-activity' AND state = 'queued' AND channel = ANY ($2)
              AND due_at <= $1
            UNION ALL
            SELECT due_at FROM deliveries
            WHERE class = 'practice-communication' AND state = 'queued' AND channel = ANY ($2)
              AND due_at <= $1
        ) AS due
        """,
        before,
        list(TO_AN_ADDRESS),
    )
    return (row["late"], row["oldest"]) if row else (0, None)


async def first_activity(connection: Connection, means: Means) -> datetime | None:
    """Return when the account activity that goes this way and is queued is due first."""
    row = await connection.fetchrow(
        """
        SELECT due_at FROM deliveries
        WHERE class = 'account-activity' AND state = 'queued' AND channel = $1
        ORDER BY due_at LIMIT 1
        """,
        means,
    )
    return row["due_at"] if row else None


async def first_communication(connection: Connection, means: Means) -> datetime | None:
    """The same of practice communications, a hop a practice as `practices_due`."""
    row = await connection.fetchrow(
        f"{RING} SELECT min(due_at) AS due_at FROM ring",  # noqa: S608 - a constant
        LOWEST,
        means,
    )
    return row["due_at"] if row else None
