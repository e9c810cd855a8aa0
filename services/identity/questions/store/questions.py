"""Whether accounts have five questions, and whose are closed until they log on (RC-8, RC-4)."""

from datetime import datetime
from uuid import UUID

from shared.contracts.ids import AccountId
from shared.db import Connection


async def note(tx: Connection, account_id: AccountId, *, account_version: int) -> bool | None:
    """Note that five were set at that version of an account that is held. True: the first.

    None: nothing is noted, for it is none of ours that is active, or was frozen since.
    """
    first: bool | None = await tx.fetchval(
        """
        UPDATE accounts a SET questions_set = true
        FROM accounts before
        WHERE a.id = $1 AND before.id = $1 AND a.state = 'active' AND a.frozen_in <= $2
        RETURNING NOT before.questions_set
        """,
        account_id,
        account_version,
    )
    return first


async def close(
    tx: Connection, account_id: AccountId, closing: UUID, *, closed_at: datetime
) -> bool:
    """Have the next full log-on told, which ends this closing. True: one since then has ended it
    before it was heard of, and its version is to be told.
    """
    ended: bool | None = await tx.fetchval(
        """
        UPDATE accounts
        SET closing = CASE WHEN last_log_on_at > $3 THEN NULL ELSE $2::uuid END,
            reopened = CASE WHEN last_log_on_at > $3 THEN $2 ELSE reopened END,
            version = version + coalesce(last_log_on_at > $3, false)::integer
        WHERE id = $1 AND state <> 'merged'
        RETURNING closing IS NULL
        """,
        account_id,
        closing,
        closed_at,
    )
    return ended is True
