"""MG-7: who has skipped the offer, and until when it waits."""

from datetime import date, datetime

from shared.contracts.ids import AccountId
from shared.db import Connection


async def wait(
    tx: Connection, account_id: AccountId, *, today: date, until: date, now: datetime
) -> None:
    """Keep quiet until that day, unless it waits already: a button that is pressed twice, or one
    of a page that was left open, moves nothing.
    """
    await tx.execute(
        """
        INSERT INTO skipped_offers AS kept (account_id, skipped_at, quiet_until)
        VALUES ($1, $2, $3)
        ON CONFLICT (account_id) DO UPDATE
        SET skipped_at = excluded.skipped_at, quiet_until = excluded.quiet_until
        WHERE kept.quiet_until <= $4
        """,
        account_id,
        now,
        until,
        today,
    )


async def quiet_until(connection: Connection, account_id: AccountId) -> date | None:
    """Read until which day it waits, or has waited; None for who has never skipped."""
    day: date | None = await connection.fetchval(
        "SELECT quiet_until FROM skipped_offers WHERE account_id = $1", account_id
    )
    return day
