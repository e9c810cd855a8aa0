"""Which account was absorbed by which, for ever (MG-9)."""

from datetime import datetime

from services.notify.content import MAILED_ONLY, template_of
from shared import locks
from shared.contracts.ids import AccountId, MergeId
from shared.db import Connection

# An account ($1) and all that it absorbed: what was filed for them is the account's.
WHOSE = """
    SELECT $1::uuid AS id
    UNION ALL SELECT absorbed_id FROM merged_accounts WHERE survivor_id = $1
"""


async def apply(
    tx: Connection,
    merge_id: MergeId,
    *,
    survivor_id: AccountId,
    absorbed_id: AccountId,
    now: datetime,
) -> bool:
    """Keep who absorbed whom, flattened both ways, in whatever order merges arrive.

    False: it was kept before. One transaction at a time: two that each saw half of a chain would
    leave it unflattened.
    """
    await locks.hold(tx, "merges")
    kept = await tx.fetchval(
        """
        WITH kept AS (
            INSERT INTO merged_accounts (absorbed_id, survivor_id, merge_id, applied_at)
            SELECT $1, coalesce(
                (SELECT survivor_id FROM merged_accounts WHERE absorbed_id = $2), $2
            ), $3, $4
            ON CONFLICT DO NOTHING
            RETURNING absorbed_id, survivor_id
        ), flattened AS (
            UPDATE merged_accounts AS earlier SET survivor_id = kept.survivor_id
            FROM kept WHERE earlier.survivor_id = kept.absorbed_id
        )
        SELECT true FROM kept
        """,
        absorbed_id,
        survivor_id,
        merge_id,
        now,
    )
    return kept is not None


async def drop(tx: Connection, absorbed_id: AccountId, *, now: datetime) -> None:
    """End what waits with a link or the username of the absorbed account; the sealed secret and the
    username go at once (NT-6).

    What a courier holds just now, or is filed beside this, is dropped when it is claimed.
    """
    await tx.execute(
        """
        UPDATE deliveries
        SET state = 'cancelled', reason = 'account_merged', sealed = NULL, finished_at = $2,
            content = content - 'username'
        WHERE account_id = $1 AND state = 'queued' AND template = ANY ($3)
        """,
        absorbed_id,
        now,
        [template_of(kind) for kind in MAILED_ONLY],
    )
