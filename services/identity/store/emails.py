"""An account's addresses in the database (ID-6)."""

from datetime import datetime

from shared.contracts.ids import AccountId
from shared.db import Connection


async def claim(
    tx: Connection, account_id: AccountId, address: str, address_key: str, *, now: datetime
) -> None:
    """Make this the account's one claimed address; an earlier claim is replaced."""
    await tx.execute(
        """
        INSERT INTO account_emails (account_id, state, address, address_key, claimed_at)
        VALUES ($1, 'claimed', $2, $3, $4)
        ON CONFLICT (account_id, state) DO UPDATE
        SET address = excluded.address,
            address_key = excluded.address_key,
            claimed_at = excluded.claimed_at
        """,
        account_id,
        address,
        address_key,
        now,
    )


async def confirm(
    tx: Connection, account_id: AccountId, address_key: str, *, now: datetime
) -> bool:
    """Make the claimed address the verified one, if the claim is still for this address."""
    confirmed = await tx.fetchval(
        """
        UPDATE account_emails SET state = 'verified', verified_at = $3
        WHERE account_id = $1 AND state = 'claimed' AND address_key = $2
        RETURNING account_id
        """,
        account_id,
        address_key,
        now,
    )
    return confirmed is not None
