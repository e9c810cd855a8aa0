"""How often an account may be mailed a link: one guarded upsert counts and decides (RC-3)."""

from collections.abc import Collection
from datetime import datetime, timedelta

from services.recovery.model import LinkLimits
from shared.contracts.ids import AccountId
from shared.db import Connection

HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)


async def take(
    tx: Connection, account_ids: Collection[AccountId], *, limits: LinkLimits, now: datetime
) -> set[AccountId]:
    """Count a mail for each account that may have one now; return those.

    The n-th newest mail must lie outside its window. Taken rows are held until commit, in the order
    of their ids, so that whoever makes an account's next link waits for this one and two replicas
    never wait for each other.
    """
    rows = await tx.fetch(
        """
        INSERT INTO link_budgets AS budget (account_id, sent_at, last_sent_at)
        SELECT account_id, ARRAY[$2::timestamptz], $2
        FROM (SELECT DISTINCT unnest($1::uuid[]) AS account_id) AS wanted
        ORDER BY account_id
        ON CONFLICT (account_id) DO UPDATE
        SET sent_at = (budget.sent_at || excluded.sent_at)
                [greatest(1, cardinality(budget.sent_at) + 2 - $8::int):],
            last_sent_at = excluded.last_sent_at
        WHERE budget.last_sent_at <= $3
          AND coalesce(budget.sent_at[cardinality(budget.sent_at) + 1 - $4::int] <= $5, true)
          AND coalesce(budget.sent_at[cardinality(budget.sent_at) + 1 - $6::int] <= $7, true)
        RETURNING account_id
        """,
        list(account_ids),
        now,
        now - limits.pause,
        limits.an_hour,
        now - HOUR,
        limits.a_day,
        now - DAY,
        max(limits.an_hour, limits.a_day),
    )
    return {AccountId(row["account_id"]) for row in rows}


async def sweep(tx: Connection, *, now: datetime, limit: int) -> int:
    """Delete budgets that no window reaches any more; return how many."""
    rows = await tx.fetch(
        """
        DELETE FROM link_budgets
        WHERE account_id IN (
            SELECT account_id FROM link_budgets
            WHERE last_sent_at <= $1
            ORDER BY account_id
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        RETURNING account_id
        """,
        now - DAY,
        limit,
    )
    return len(rows)
