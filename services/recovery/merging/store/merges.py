"""Accounts that became another one: kept for ever, and never more than one step (MG-9)."""

from datetime import datetime

from shared.contracts.ids import AccountId, MergeId
from shared.db import Connection


async def absorb(
    tx: Connection, absorbed_id: AccountId, *, into: AccountId, merge_id: MergeId, at: datetime
) -> bool:
    """Keep that this account became another, flattened both ways; False: it is known already.

    Two merges may arrive in either order. They never arrive at once where they share an account:
    the second begins only after this service has said that it applied the first (MG-3).
    """
    survivor_id = await tx.fetchval(
        """
        INSERT INTO merges (absorbed_id, survivor_id, merge_id, merged_at)
        VALUES ($1, coalesce((SELECT survivor_id FROM merges WHERE absorbed_id = $2), $2), $3, $4)
        ON CONFLICT DO NOTHING
        RETURNING survivor_id
        """,
        absorbed_id,
        into,
        merge_id,
        at,
    )
    if survivor_id is None:
        return False
    await tx.execute(
        "UPDATE merges SET survivor_id = $2 WHERE survivor_id = $1", absorbed_id, survivor_id
    )
    return True
