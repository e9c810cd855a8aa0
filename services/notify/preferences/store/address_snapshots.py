"""Which addresses each account has verified, and the version of that (RC-2)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from shared.contracts.ids import AccountId
from shared.db import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressSnapshot:
    """An account's verified e-mail addresses, the first one first."""

    account_id: AccountId
    version: int
    addresses: tuple[str, ...]


async def change(tx: Connection, account_ids: Collection[AccountId]) -> None:
    """Add one to each account's version, and hold it until commit."""
    await tx.execute(
        """
        INSERT INTO address_versions AS kept (id, version)
        SELECT id, 2 FROM unnest($1::uuid[]) AS changed (id) ORDER BY id
        ON CONFLICT (id) DO UPDATE SET version = kept.version + 1
        """,
        list(account_ids),
    )


async def find(
    connection: Connection, account_ids: Collection[AccountId]
) -> Sequence[AddressSnapshot]:
    """Read each account's addresses as they stand."""
    rows = await connection.fetch(
        """
        SELECT asked.id AS account_id, coalesce(kept.version, 1) AS version, ARRAY(
            SELECT address FROM notification_addresses
            WHERE account_id = asked.id AND kind = 'email' AND verified_at IS NOT NULL
            ORDER BY added_at, id
        ) AS addresses
        FROM unnest($1::uuid[]) AS asked (id)
        LEFT JOIN address_versions AS kept USING (id)
        ORDER BY asked.id
        """,
        list(account_ids),
    )
    return [
        AddressSnapshot(
            account_id=AccountId(row["account_id"]),
            version=row["version"],
            addresses=tuple(row["addresses"]),
        )
        for row in rows
    ]
