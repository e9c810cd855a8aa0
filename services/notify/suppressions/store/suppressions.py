"""Suppressed addresses, each by its mailbox: a refusal says nothing of a look-alike (NT-5)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notify.ledger.model import DeliveryId
from services.notify.suppressions.model import NoMailbox, Suppression
from services.notify.tellings.contents import AT_AN_ADDRESS_ONLY, template_of
from shared.contracts.addresses import mailbox_key
from shared.contracts.ids import AccountId
from shared.db import Connection, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose delivery it was that first found an address dead, and how she is written to."""

    delivery_id: DeliveryId
    account_id: AccountId
    address: str
    locale: str
    time_zone: str
    correlation_id: UUID


async def add(tx: Connection, found: Sequence[NoMailbox], *, now: datetime) -> Sequence[Owner]:
    """Suppress these addresses; return whom those concern that were not suppressed before.

    Nobody's where who claimed an address is told of its mails: whether it was suppressed before
    would say whether another account has it (EN-1, ID-6).
    """
    by_key = {mailbox_key(one.address): one for one in found}
    rows = await tx.fetch(
        """
        WITH new AS (
            INSERT INTO suppressions (address, since, status, delivery_id)
            SELECT key, $1, status, delivery_id
            FROM unnest($2::text[], $3::text[], $4::uuid[]) AS one (key, status, delivery_id)
            ORDER BY key
            ON CONFLICT DO NOTHING
            RETURNING address AS key, delivery_id
        )
        SELECT new.key, d.id, d.account_id, d.locale, d.time_zone,
            coalesce(d.correlation_id, d.event_id) AS correlation_id
        FROM new JOIN deliveries AS d ON d.id = new.delivery_id
        WHERE d.account_id IS NOT NULL AND d.template <> ALL ($5)
        """,
        now,
        list(by_key),
        [one.status for one in by_key.values()],
        [one.delivery_id for one in by_key.values()],
        [template_of(kind) for kind in AT_AN_ADDRESS_ONLY],
    )
    return [
        Owner(
            delivery_id=DeliveryId(row["id"]),
            account_id=AccountId(row["account_id"]),
            address=by_key[row["key"]].address,
            locale=row["locale"],
            time_zone=row["time_zone"],
            correlation_id=row["correlation_id"],
        )
        for row in rows
    ]


async def among(connection: Connection, addresses: Collection[str]) -> Collection[str]:
    """Return which of these addresses are suppressed, as they are written here."""
    keys = {address: mailbox_key(address) for address in addresses}
    rows = await connection.fetch(
        "SELECT address FROM suppressions WHERE address = ANY ((SELECT $1::text[])::text[])",
        list(set(keys.values())),
    )
    suppressed = {row["address"] for row in rows}
    return {address for address, key in keys.items() if key in suppressed}


async def find(connection: Connection, addresses: Collection[str]) -> Sequence[Suppression]:
    """Return what is kept of those of these that are suppressed."""
    rows = await connection.fetch(
        "SELECT * FROM suppressions WHERE address = ANY ($1) ORDER BY since, address",
        [mailbox_key(address) for address in addresses],
    )
    return [suppression(row) for row in rows]


async def newest(connection: Connection, *, limit: int) -> Sequence[Suppression]:
    """List them, newest first."""
    rows = await connection.fetch(
        "SELECT * FROM suppressions ORDER BY since DESC, address LIMIT $1", limit
    )
    return [suppression(row) for row in rows]


async def lift(tx: Connection, addresses: Collection[str], *, until: datetime) -> int:
    """Let mails go to these again; return how many were suppressed, no later than then."""
    rows = await tx.fetch(
        """
        DELETE FROM suppressions WHERE address IN (
            SELECT address FROM suppressions WHERE address = ANY ($1) AND since <= $2
            ORDER BY address FOR UPDATE
        )
        RETURNING 1
        """,
        [mailbox_key(address) for address in addresses],
        until,
    )
    return len(rows)


def suppression(row: Row) -> Suppression:
    return Suppression(
        address=row["address"],
        since=row["since"],
        status=row["status"],
        delivery_id=DeliveryId(row["delivery_id"]),
    )
