"""Which account was absorbed by which, for ever (MG-9)."""

from datetime import datetime

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
