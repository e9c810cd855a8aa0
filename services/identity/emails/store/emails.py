"""An account's addresses in the database (ID-6)."""

from datetime import datetime

from services.identity.accounts.model import EmailState
from services.identity.emails.model import StoredAddress
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
) -> str | None:
    """Make the claimed address the verified one, if the claim is still for this address, and
    return it. The one before it is gone: call it with the account held.
    """
    await tx.execute(
        """
        DELETE FROM account_emails WHERE account_id = $1 AND state = 'verified' AND EXISTS (
            SELECT FROM account_emails
            WHERE account_id = $1 AND state = 'claimed' AND address_key = $2
        )
        """,
        account_id,
        address_key,
    )
    address: str | None = await tx.fetchval(
        """
        UPDATE account_emails SET state = 'verified', verified_at = $3
        WHERE account_id = $1 AND state = 'claimed' AND address_key = $2
        RETURNING address
        """,
        account_id,
        address_key,
        now,
    )
    return address


async def forget_claim(tx: Connection, account_id: AccountId) -> None:
    """Take the claimed address away from an account that is held; its link is void."""
    await tx.execute(
        "DELETE FROM account_emails WHERE account_id = $1 AND state = 'claimed'", account_id
    )


async def remove(tx: Connection, account_id: AccountId) -> None:
    """Take the verified address away from an account that is held."""
    await tx.execute(
        "DELETE FROM account_emails WHERE account_id = $1 AND state = 'verified'", account_id
    )


async def replace(
    tx: Connection, account_id: AccountId, address: str, address_key: str, *, now: datetime
) -> None:
    """Make this the verified address in place of the one of now: call it with the account held."""
    await tx.execute(
        """
        UPDATE account_emails SET address = $2, address_key = $3, verified_at = $4
        WHERE account_id = $1 AND state = 'verified'
        """,
        account_id,
        address,
        address_key,
        now,
    )


async def count(tx: Connection) -> int:
    """How many addresses there are."""
    return int(await tx.fetchval("SELECT count(*) FROM account_emails"))


async def page(
    tx: Connection, *, after: StoredAddress | None, limit: int
) -> tuple[StoredAddress, ...]:
    """So many of all addresses, in one order that nothing changes."""
    rows = await tx.fetch(
        """
        SELECT account_id, state, address, address_key FROM account_emails
        WHERE $1::uuid IS NULL OR (account_id, state) > ($1, $2::text COLLATE "C")
        ORDER BY account_id, state
        LIMIT $3
        """,
        after and after.account_id,
        after and after.state,
        limit,
    )
    return tuple(
        StoredAddress(
            account_id=row["account_id"],
            state=EmailState(row["state"]),
            address=row["address"],
            key=row["address_key"],
        )
        for row in rows
    )


async def is_held(tx: Connection, address: StoredAddress) -> bool:
    """Whether it is still the account's, as it was read."""
    return bool(
        await tx.fetchval(
            """
            SELECT EXISTS (
                SELECT FROM account_emails
                WHERE account_id = $1 AND state = $2 AND address = $3 AND address_key = $4
            )
            """,
            address.account_id,
            address.state,
            address.address,
            address.key,
        )
    )


async def re_key(tx: Connection, address: StoredAddress, key: str) -> bool:
    """Give it another key, if it is still the account's, as it was read."""
    changed = await tx.fetchval(
        """
        UPDATE account_emails SET address_key = $5
        WHERE account_id = $1 AND state = $2 AND address = $3 AND address_key = $4
        RETURNING true
        """,
        address.account_id,
        address.state,
        address.address,
        address.key,
        key,
    )
    return changed is not None
