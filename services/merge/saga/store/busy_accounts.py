"""MG-3: which accounts have an open merge; the primary key lets one merge have an account."""

from collections.abc import Collection

from shared.contracts.ids import AccountId, MergeId
from shared.db import Connection


async def take(tx: Connection, merge_id: MergeId, account_ids: Collection[AccountId]) -> bool:
    """Take all of these for a merge; False where another has one of them.

    Everybody takes them in the order of their ids, so that merges that share accounts wait for
    each other in one direction only. Who waits here sees all that the other has committed.
    """
    taken = await tx.fetch(
        """
        INSERT INTO busy_accounts (account_id, merge_id)
        SELECT account_id, $1 FROM unnest($2::uuid[]) AS wanted (account_id)
        ORDER BY account_id
        ON CONFLICT (account_id) DO NOTHING
        RETURNING account_id
        """,
        merge_id,
        list(account_ids),
    )
    return len(taken) == len(set(account_ids))


async def free(tx: Connection, merge_id: MergeId) -> None:
    """Let other merges have the accounts of one that has ended."""
    await tx.execute("DELETE FROM busy_accounts WHERE merge_id = $1", merge_id)
