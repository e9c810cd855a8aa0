"""Verification links in the database; the guarded UPDATE is the check (ID-6)."""

from datetime import datetime, timedelta
from uuid import UUID

from services.identity.emails.model import VerificationState
from shared.contracts.ids import AccountId
from shared.db import Connection

KEPT = timedelta(days=2)  # longer than a link lives, and than the limits of mails look back


async def supersede(tx: Connection, account_id: AccountId) -> None:
    """End the account's live link: a newer one voids it."""
    await tx.execute(
        "UPDATE email_verifications SET state = 'superseded' "
        "WHERE account_id = $1 AND state = 'live'",
        account_id,
    )


async def moment(tx: Connection, account_id: AccountId, *, now: datetime) -> datetime:
    """The time of the account's next mail: later than that of the one before.

    `now` was read before the account was waited for, and notify tells by these times which of two
    links is the live one. Call it with the account's row held.
    """
    later: datetime = await tx.fetchval(
        """
        SELECT greatest($2, max(sent_at) + interval '1 microsecond')
        FROM email_verifications WHERE account_id = $1
        """,
        account_id,
        now,
    )
    return later


async def add(
    tx: Connection,
    verification_id: UUID,
    account_id: AccountId,
    address_key: str,
    digest: bytes,
    *,
    state: VerificationState,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Insert one row for one mail sent."""
    await tx.execute(
        """
        INSERT INTO email_verifications (
            id, account_id, address_key, digest, state, sent_at, expires_at
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        verification_id,
        account_id,
        address_key,
        digest,
        state,
        now,
        expires_at,
    )


async def use(tx: Connection, account_id: AccountId, digest: bytes, *, now: datetime) -> str | None:
    """Use a link of this account up; return the key of the address it was mailed to."""
    key: str | None = await tx.fetchval(
        """
        UPDATE email_verifications SET state = 'used'
        WHERE digest = $1 AND account_id = $2 AND state = 'live' AND expires_at > $3
        RETURNING address_key
        """,
        digest,
        account_id,
        now,
    )
    return key


async def re_key(tx: Connection, account_id: AccountId, *, former: str, key: str) -> None:
    """Bring what was mailed to an address along with its key."""
    await tx.execute(
        "UPDATE email_verifications SET address_key = $3 "
        "WHERE account_id = $1 AND address_key = $2",
        account_id,
        former,
        key,
    )


async def next_send(
    tx: Connection, account_id: AccountId, *, limit: int, window: timedelta, now: datetime
) -> datetime | None:
    """When the next mail may go, where `limit` have been sent within the window; None: now.

    Call it with the account's row held, or parallel sends do not see each other.
    """
    sent_at: datetime | None = await tx.fetchval(
        """
        SELECT sent_at FROM email_verifications
        WHERE account_id = $1 AND sent_at > $2
        ORDER BY sent_at DESC OFFSET $3 LIMIT 1
        """,
        account_id,
        now - window,
        limit - 1,
    )
    return sent_at + window if sent_at else None


async def sweep(tx: Connection, *, now: datetime, limit: int) -> int:
    """Forget links that are long dead, and no longer count as mails."""
    rows = await tx.fetch(
        """
        DELETE FROM email_verifications
        WHERE id IN (
            SELECT id FROM email_verifications WHERE sent_at <= $1
            ORDER BY id LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        RETURNING id
        """,
        now - KEPT,
        limit,
    )
    return len(rows)
