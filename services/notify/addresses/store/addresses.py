"""Notification addresses as rows: one of an account and one spelling (NT-2)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.notify.addresses.model import AddressKind, NotificationAddress
from services.notify.preferences.model import AddressId
from shared.contracts.ids import AccountId
from shared.db import Connection, Row


async def of_account(
    connection: Connection, account_id: AccountId
) -> Sequence[NotificationAddress]:
    """List an account's, the first one first; of a number that it has verified, since when it is
    stopped. Who only claimed one is not told: somebody else may have answered.
    """
    rows = await connection.fetch(
        """
        SELECT id, kind, address, verified_at, (
            SELECT since FROM stopped_numbers
            WHERE kind = 'phone' AND number = key AND verified_at IS NOT NULL
        ) AS stopped_since
        FROM notification_addresses WHERE account_id = $1 ORDER BY added_at, id
        """,
        account_id,
    )
    return [replace(_address(row), stopped_since=row["stopped_since"]) for row in rows]


async def add(
    tx: Connection,
    address_id: AddressId,
    account_id: AccountId,
    *,
    kind: AddressKind,
    address: str,
    key: str,
    most: int,
    now: datetime,
) -> NotificationAddress | None:
    """Keep it, or return the one of the same mailbox that is kept; None: there are too many.

    The account's row is held, so nobody adds another between the count and the insertion.
    """
    row = await tx.fetchrow(
        """
        WITH added AS (
            INSERT INTO notification_addresses (id, account_id, kind, address, key, added_at)
            SELECT $1, $2, $7, $3, $4, $5
            WHERE NOT EXISTS (
                SELECT FROM notification_addresses WHERE account_id = $2 AND key = $4
            ) AND (
                SELECT count(*) FROM notification_addresses WHERE account_id = $2 AND kind = $7
            ) < $6
            RETURNING id, kind, address, verified_at
        )
        SELECT * FROM added
        UNION ALL
        SELECT id, kind, address, verified_at FROM notification_addresses
        WHERE account_id = $2 AND key = $4
        ORDER BY verified_at
        LIMIT 1
        """,
        address_id,
        account_id,
        address,
        key,
        now,
        most,
        kind,
    )
    return _address(row) if row else None


async def verify(
    tx: Connection, address_id: AddressId, account_id: AccountId, *, now: datetime
) -> str | None:
    """Note when it was verified first, and return it. None: the account has it no more, or never
    had.
    """
    address: str | None = await tx.fetchval(
        """
        UPDATE notification_addresses SET verified_at = coalesce(verified_at, $3)
        WHERE id = $1 AND account_id = $2
        RETURNING address
        """,
        address_id,
        account_id,
        now,
    )
    return address


async def hold(
    tx: Connection, address_id: AddressId, account_id: AccountId
) -> NotificationAddress | None:
    """Hold it until commit: nobody chooses it meanwhile. None: it is not this account's."""
    row = await tx.fetchrow(
        """
        SELECT id, kind, address, verified_at FROM notification_addresses
        WHERE id = $1 AND account_id = $2
        FOR UPDATE
        """,
        address_id,
        account_id,
    )
    return _address(row) if row else None


async def remove(tx: Connection, address_id: AddressId) -> None:
    """Forget one that is held."""
    await tx.execute("DELETE FROM notification_addresses WHERE id = $1", address_id)


def _address(row: Row) -> NotificationAddress:
    return NotificationAddress(
        id=AddressId(row["id"]),
        kind=AddressKind(row["kind"]),
        address=row["address"],
        verified_at=row["verified_at"],
    )
