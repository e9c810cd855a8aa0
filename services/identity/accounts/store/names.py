"""The one name space (ID-4): whoever inserts a key first holds the name."""

from collections.abc import Sequence
from datetime import datetime

from services.identity.accounts.model import NameKind
from shared.contracts.ids import AccountId
from shared.db import Connection


async def claim(
    tx: Connection, name_key: str, account_id: AccountId, kind: NameKind, *, now: datetime
) -> bool:
    """Take the name. False where another account has it, also in a race: the key decides.

    One's own reserved or merged name becomes what it is claimed as.
    """
    holder = await tx.fetchval(
        """
        INSERT INTO log_on_names (name_key, account_id, kind, created_at)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (name_key) DO UPDATE
            SET kind = excluded.kind, absorbed_id = NULL, reserved_until = NULL, address = NULL
            WHERE log_on_names.account_id = excluded.account_id
        RETURNING account_id
        """,
        name_key,
        account_id,
        kind,
        now,
    )
    return holder is not None


async def held_by_another(tx: Connection, name_key: str, account_id: AccountId) -> bool:
    """Whether somebody else has the name, of whatever kind."""
    return bool(
        await tx.fetchval(
            "SELECT EXISTS (SELECT FROM log_on_names WHERE name_key = $1 AND account_id <> $2)",
            name_key,
            account_id,
        )
    )


async def holder(tx: Connection, name_key: str) -> AccountId | None:
    """Whose the name is, of whatever kind."""
    found: AccountId | None = await tx.fetchval(
        "SELECT account_id FROM log_on_names WHERE name_key = $1", name_key
    )
    return found


async def had_since(tx: Connection, name_key: str, account_id: AccountId) -> datetime | None:
    """Return since when the name is this account's; None: it is not."""
    since: datetime | None = await tx.fetchval(
        "SELECT created_at FROM log_on_names WHERE name_key = $1 AND account_id = $2",
        name_key,
        account_id,
    )
    return since


async def reserve(
    tx: Connection,
    name_key: str,
    account_id: AccountId,
    kind: NameKind,
    *,
    until: datetime,
    address: str | None = None,
) -> None:
    """Keep a name that was given up: it opens nothing, and is nobody else's until then.

    An account e-mail is kept as it was written, for a freeze to put it back (RC-9).
    """
    await tx.execute(
        """
        UPDATE log_on_names SET kind = 'reserved', reserved_until = $4, address = $5
        WHERE name_key = $1 AND account_id = $2 AND kind = $3
        """,
        name_key,
        account_id,
        kind,
        until,
        address,
    )


async def email_before(
    tx: Connection, account_id: AccountId, *, before: datetime, now: datetime
) -> tuple[str, str | None] | None:
    """Return the key of the oldest account e-mail, of now and of those reserved, that the account
    had before then; and the address as it was written, of one that was given up. None: it had none.
    """
    row = await tx.fetchrow(
        """
        SELECT name_key, CASE WHEN kind = 'reserved' THEN address END AS address
        FROM log_on_names
        WHERE account_id = $1 AND created_at < $2 AND (
            kind = 'email'
            OR kind = 'reserved' AND address IS NOT NULL AND reserved_until > $3
        )
        ORDER BY created_at, name_key
        LIMIT 1
        """,
        account_id,
        before,
        now,
    )
    return (row["name_key"], row["address"]) if row else None


async def keep_email(
    tx: Connection, account_id: AccountId, name_key: str | None, *, since: datetime
) -> None:
    """Make this one the account e-mail again, and give up the one of now and those since then."""
    await tx.execute(
        """
        DELETE FROM log_on_names
        WHERE account_id = $1 AND name_key IS DISTINCT FROM $2 AND (
            kind = 'email' OR kind = 'reserved' AND address IS NOT NULL AND created_at >= $3
        )
        """,
        account_id,
        name_key,
        since,
    )
    await tx.execute(
        """
        UPDATE log_on_names SET kind = 'email', reserved_until = NULL, address = NULL
        WHERE account_id = $1 AND name_key = $2
        """,
        account_id,
        name_key,
    )


async def former_username(tx: Connection, account_id: AccountId) -> str | None:
    """The name that was given up last of those that are reserved and no address."""
    name_key: str | None = await tx.fetchval(
        """
        SELECT name_key FROM log_on_names
        WHERE account_id = $1 AND kind = 'reserved' AND address IS NULL
          AND position('@' IN name_key) = 0
        ORDER BY reserved_until DESC, name_key
        LIMIT 1
        """,
        account_id,
    )
    return name_key


async def take_back(tx: Connection, name_key: str, account_id: AccountId) -> None:
    """Make a reserved name the account's username again."""
    await tx.execute(
        """
        UPDATE log_on_names SET kind = 'username', reserved_until = NULL
        WHERE name_key = $1 AND account_id = $2 AND kind = 'reserved'
        """,
        name_key,
        account_id,
    )


async def due(tx: Connection, *, now: datetime, limit: int) -> Sequence[AccountId]:
    """Name accounts of which a reserved name is free by now, in the order of their ids."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT account_id FROM log_on_names
        WHERE kind = 'reserved' AND reserved_until <= $1
        ORDER BY account_id
        LIMIT $2
        """,
        now,
        limit,
    )
    return [AccountId(row["account_id"]) for row in rows]


async def free(tx: Connection, account_id: AccountId, *, now: datetime) -> bool:
    """Give up the account's names whose time is over; say whether there were any."""
    freed = await tx.fetch(
        """
        DELETE FROM log_on_names
        WHERE account_id = $1 AND kind = 'reserved' AND reserved_until <= $2
        RETURNING name_key
        """,
        account_id,
        now,
    )
    return bool(freed)


async def release(tx: Connection, name_key: str, account_id: AccountId, kind: NameKind) -> None:
    """Give up one's own name."""
    await tx.execute(
        "DELETE FROM log_on_names WHERE name_key = $1 AND account_id = $2 AND kind = $3",
        name_key,
        account_id,
        kind,
    )
