"""Keys by which addresses are compared, as they are kept: of notification addresses, and of
suppressions, of which the delivery that was refused has the address as it was written.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.contracts.log_on_names import name_key
from shared.db import Connection, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """A key that is kept, and the address that it is the key of."""

    place: str  # in the order of its table
    address: str
    key: str


async def of_addresses(connection: Connection, *, after: str, limit: int) -> Sequence[StoredKey]:
    """So many of all notification addresses, in one order."""
    rows = await connection.fetch(
        """
        SELECT id::text AS place, address, key FROM notification_addresses
        WHERE kind = 'email' AND id > coalesce(nullif($1, ''), $3)::uuid
        ORDER BY id LIMIT $2
        """,
        after,
        limit,
        "00000000-0000-0000-0000-000000000000",
    )
    return [StoredKey(**row) for row in rows]


async def of_suppressions(connection: Connection, *, after: str, limit: int) -> Sequence[StoredKey]:
    """The same of suppressed addresses."""
    rows = await connection.fetch(
        """
        SELECT s.address AS key, d.address AS written, d.hop, d.own_address_only
        FROM suppressions AS s JOIN deliveries AS d ON d.id = s.delivery_id
        WHERE s.address > $1 ORDER BY s.address LIMIT $2
        """,
        after,
        limit,
    )
    return [
        StoredKey(place=row["key"], address=suppressed_address(row), key=row["key"]) for row in rows
    ]


def suppressed_address(row: Row) -> str:
    """What was written to, where the ledger still says so, else the key itself.

    A key of before was of a name, which a look-alike has as well: the delivery tells which of them
    was refused. It says nothing where it went on to another address, nor where it followed the
    account's own spelling.
    """
    key: str = row["key"]
    written: str | None = row["written"]
    if written is None or row["hop"] or row["own_address_only"] or name_key(written) != key:
        return key
    return written


async def re_key_address(tx: Connection, stored: StoredKey, key: str) -> bool:
    """Give it this key, unless it has another by now, or is gone."""
    changed = await tx.fetchval(
        """
        UPDATE notification_addresses SET key = $3 WHERE id = $1::uuid AND key = $2
        RETURNING true
        """,
        stored.place,
        stored.key,
        key,
    )
    return changed is not None


async def re_key_suppression(tx: Connection, stored: StoredKey, key: str) -> bool:
    """Suppress it under this key; one that is suppressed under both stays as it is under this."""
    changed = await tx.fetchval(
        """
        WITH former AS (
            DELETE FROM suppressions WHERE address = $1 RETURNING since, status, delivery_id
        ), kept AS (
            INSERT INTO suppressions (address, since, status, delivery_id)
            SELECT $2, since, status, delivery_id FROM former
            ON CONFLICT DO NOTHING
        )
        SELECT true FROM former
        """,
        stored.key,
        key,
    )
    return changed is not None
