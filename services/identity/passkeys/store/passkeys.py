"""Passkeys in the database (MF-5, MF-6). A row is written with its account held."""

from collections.abc import Sequence
from datetime import datetime

from services.identity.passkeys.model import (
    KeptKey,
    NewKey,
    Passkey,
    PasskeyEnd,
    PasskeyId,
    Signed,
)
from shared.contracts.identity import AccountState
from shared.contracts.ids import AccountId
from shared.db import Connection


async def handle_of(tx: Connection, account_id: AccountId) -> bytes | None:
    """What authenticators know the account by; None before its first passkey."""
    found: bytes | None = await tx.fetchval(
        "SELECT user_handle FROM accounts WHERE id = $1", account_id
    )
    return found


async def settle_handle(tx: Connection, account_id: AccountId, handle: bytes) -> bool:
    """Have authenticators know the account by this from now on. False: by another one already."""
    settled = await tx.fetchval(
        """
        UPDATE accounts SET user_handle = $2
        WHERE id = $1 AND (user_handle IS NULL OR user_handle = $2)
        RETURNING true
        """,
        account_id,
        handle,
    )
    return settled is not None


async def list_live(tx: Connection, account_id: AccountId) -> tuple[Passkey, ...]:
    """An account's passkeys, the oldest first."""
    rows = await tx.fetch(
        """
        SELECT id, credential_id, name, made_at, used_at, synced,
            suspended_at IS NOT NULL AS suspended
        FROM passkeys WHERE account_id = $1 AND ended_at IS NULL
        ORDER BY made_at, id
        """,
        account_id,
    )
    return tuple(Passkey(**row) for row in rows)


async def add(
    tx: Connection,
    account_id: AccountId,
    passkey_id: PasskeyId,
    key: NewKey,
    *,
    name: str,
    rp_id: str,
    now: datetime,
) -> bool:
    """Keep a new one. False: somebody has this credential, or had."""
    added = await tx.fetchval(
        """
        INSERT INTO passkeys (
            id, account_id, credential_id, rp_id, public_key, name, made_at, counter, synced,
            backed_up
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (credential_id) DO NOTHING
        RETURNING true
        """,
        passkey_id,
        account_id,
        key.credential_id,
        rp_id,
        key.public_key,
        name,
        now,
        key.counter,
        key.synced,
        key.backed_up,
    )
    return added is not None


async def find(tx: Connection, credential_id: bytes) -> KeptKey | None:
    """Whose passkey it is, or was."""
    row = await tx.fetchrow(
        """
        SELECT p.id, p.account_id, p.public_key, p.suspended_at, p.ended_by, a.state,
            a.user_handle
        FROM passkeys p JOIN accounts a ON a.id = p.account_id
        WHERE p.credential_id = $1
        """,
        credential_id,
    )
    if row is None:
        return None
    return KeptKey(
        id=PasskeyId(row["id"]),
        account_id=AccountId(row["account_id"]),
        account_state=AccountState(row["state"]),
        user_handle=row["user_handle"],
        public_key=row["public_key"],
        suspended=row["suspended_at"] is not None,
        ended_by=PasskeyEnd(row["ended_by"]) if row["ended_by"] else None,
    )


async def use(
    tx: Connection, passkey_id: PasskeyId, signed: Signed, *, suspended: bool, now: datetime
) -> bool:
    """Take its answer: this is the check. False: it has ended, or its account has, it is suspended
    where that matters, or its counter did not grow though it is on one device.
    """
    used = await tx.fetchval(
        """
        UPDATE passkeys AS p
        SET counter = $2, synced = p.synced OR $3, backed_up = $4, used_at = $6
        FROM accounts a
        WHERE p.id = $1 AND a.id = p.account_id AND a.state = 'active' AND p.ended_at IS NULL
          AND (p.suspended_at IS NULL OR $5)
          AND (p.synced OR $3 OR $2 > p.counter OR (p.counter = 0 AND $2 = 0))
        RETURNING true
        """,
        passkey_id,
        signed.counter,
        signed.synced,
        signed.backed_up,
        suspended,
        now,
    )
    return used is not None


async def is_suspended(tx: Connection, passkey_id: PasskeyId) -> bool | None:
    """Whether one that has not ended is; None: it has, or its account."""
    found: bool | None = await tx.fetchval(
        """
        SELECT p.suspended_at IS NOT NULL
        FROM passkeys p JOIN accounts a ON a.id = p.account_id
        WHERE p.id = $1 AND p.ended_at IS NULL AND a.state = 'active'
        """,
        passkey_id,
    )
    return found


async def rename(tx: Connection, account_id: AccountId, passkey_id: PasskeyId, name: str) -> bool:
    """Call it so. False: there is none of this id."""
    renamed = await tx.fetchval(
        """
        UPDATE passkeys SET name = $3
        WHERE id = $2 AND account_id = $1 AND ended_at IS NULL
        RETURNING true
        """,
        account_id,
        passkey_id,
        name,
    )
    return renamed is not None


async def end(
    tx: Connection,
    account_id: AccountId,
    passkey_id: PasskeyId,
    *,
    only_suspended: bool,
    now: datetime,
) -> bool:
    """Have its holder end it. False: there is none of this id, or it is not suspended either."""
    ended = await tx.fetchval(
        """
        UPDATE passkeys SET ended_at = $3, ended_by = 'holder'
        WHERE id = $2 AND account_id = $1 AND ended_at IS NULL
          AND (suspended_at IS NOT NULL OR NOT $4)
        RETURNING true
        """,
        account_id,
        passkey_id,
        now,
        only_suspended,
    )
    return ended is not None


async def end_all(tx: Connection, account_id: AccountId, why: PasskeyEnd, *, now: datetime) -> None:
    """End every one of an account (MF-10)."""
    await tx.execute(
        """
        UPDATE passkeys SET ended_at = $3, ended_by = $2
        WHERE account_id = $1 AND ended_at IS NULL
        """,
        account_id,
        why,
        now,
    )


async def suspend_all(tx: Connection, account_id: AccountId, *, now: datetime) -> None:
    """Take none but as the second step of the session after a reset, until it is kept (MF-10)."""
    await tx.execute(
        """
        UPDATE passkeys SET suspended_at = $2
        WHERE account_id = $1 AND ended_at IS NULL AND suspended_at IS NULL
        """,
        account_id,
        now,
    )


async def keep(
    tx: Connection, account_id: AccountId, passkey_ids: Sequence[PasskeyId]
) -> set[PasskeyId]:
    """Take suspended ones again; return which of these there were."""
    rows = await tx.fetch(
        """
        UPDATE passkeys SET suspended_at = NULL
        WHERE id = ANY($2) AND account_id = $1 AND ended_at IS NULL AND suspended_at IS NOT NULL
        RETURNING id
        """,
        account_id,
        list(passkey_ids),
    )
    return {PasskeyId(row["id"]) for row in rows}


async def leaves_two_step_bare(tx: Connection, account_id: AccountId) -> bool:
    """Whether two-step is on with neither an app nor a passkey that counts (MF-9)."""
    return bool(
        await tx.fetchval(
            """
            SELECT EXISTS (
                SELECT FROM two_steps t
                WHERE t.account_id = $1 AND t.on_since IS NOT NULL AND t.app_sealed IS NULL
                  AND NOT EXISTS (
                    SELECT FROM passkeys p
                    WHERE p.account_id = $1 AND p.ended_at IS NULL AND p.suspended_at IS NULL
                )
            )
            """,
            account_id,
        )
    )


async def count_of_other_rp(tx: Connection, rp_id: str | None) -> int:
    """How many that have not ended answer to another RP id, and so to nobody."""
    count: int = await tx.fetchval(
        "SELECT count(*) FROM passkeys WHERE ended_at IS NULL AND rp_id IS DISTINCT FROM $1", rp_id
    )
    return count
