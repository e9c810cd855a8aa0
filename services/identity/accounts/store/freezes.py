"""Accounts that their holders froze, as rows (RC-9)."""

from shared.contracts.ids import AccountId
from shared.db import Connection


async def freeze(tx: Connection, account_id: AccountId) -> bool:
    """Shut an active account: no password, no questions, and no link, grant or proof of before.
    True for one caller only, who tells the next version.
    """
    frozen = await tx.fetchval(
        """
        UPDATE accounts
        SET state = 'frozen', password_hash = NULL, reset_by_practice = true,
            security_version = security_version + 1, questions_set = false,
            frozen_in = version + 1
        WHERE id = $1 AND state = 'active'
        RETURNING true
        """,
        account_id,
    )
    return frozen is not None


async def thaw(tx: Connection, account_id: AccountId) -> bool:
    """Open a frozen account again; it has no password. True for one caller only."""
    thawed = await tx.fetchval(
        "UPDATE accounts SET state = 'active' WHERE id = $1 AND state = 'frozen' RETURNING true",
        account_id,
    )
    return thawed is not None


async def count_out_of_reach(tx: Connection) -> int:
    """How many frozen accounts no practice can thaw, since none has them enrolled."""
    count: int = await tx.fetchval(
        """
        SELECT count(*) FROM accounts AS a
        WHERE a.state = 'frozen' AND NOT EXISTS (
            SELECT FROM enrolments WHERE account_id = a.id AND state = 'enrolled'
        )
        """
    )
    return count
