"""Links: at most one live one an account, found by the digest of its token (RC-3)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.recovery.model import Link
from shared.contracts.ids import AccountId
from shared.db import Connection, Row


async def replace(tx: Connection, links: Sequence[Link], *, now: datetime) -> None:
    """Supersede the live links of these accounts and add the new ones, one an account.

    Rows are locked in the order of their accounts, as the consumer's batches take them.
    """
    await tx.execute(
        """
        WITH held AS (
            SELECT id FROM links
            WHERE account_id = ANY($1::uuid[]) AND state = 'live'
            ORDER BY account_id
            FOR UPDATE
        )
        UPDATE links
        SET state = 'superseded', ended_at = $2
        FROM held
        WHERE links.id = held.id AND links.state = 'live'
        """,
        [link.account_id for link in links],
        now,
    )
    await tx.execute(
        """
        INSERT INTO links (
            id, account_id, token_digest, security_version, state, issued_at, expires_at
        )
        SELECT id, account_id, token_digest, security_version, 'live', $6, expires_at
        FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bigint[], $5::timestamptz[])
            AS made (id, account_id, token_digest, security_version, expires_at)
        """,
        [link.id for link in links],
        [link.account_id for link in links],
        [link.token_digest for link in links],
        [link.security_version for link in links],
        [link.expires_at for link in links],
        now,
    )


async def find_live(tx: Connection, token_digest: bytes, *, now: datetime) -> Link | None:
    """Find the link of a token that still opens something; reading it uses nothing up.

    A change of credentials or a merge that has been heard of voids it; one that has not is refused
    at identity, by the security version in the grant.
    """
    row = await tx.fetchrow(
        """
        SELECT l.id, l.account_id, l.token_digest, l.security_version, l.issued_at, l.expires_at
        FROM links l
        WHERE l.token_digest = $1
          AND l.state = 'live'
          AND l.expires_at > $2
          AND NOT EXISTS (
              SELECT FROM accounts a
              WHERE a.account_id = l.account_id
                AND (a.security_version > l.security_version OR a.state <> 'active')
          )
          AND NOT EXISTS (SELECT FROM merges m WHERE m.absorbed_id = l.account_id)
        """,
        token_digest,
        now,
    )
    return _link(row) if row else None


async def use(tx: Connection, link_id: UUID, *, at: datetime) -> None:
    """Mark a link used: identity has accepted a password that was set by it.

    A superseded or void one too, for its grant may have been fetched before.
    """
    await tx.execute(
        "UPDATE links SET state = 'used', ended_at = $2 WHERE id = $1 AND state <> 'used'",
        link_id,
        at,
    )


async def void(tx: Connection, account_id: AccountId, *, at: datetime) -> None:
    """Void an absorbed account's live link, which opens nothing already (`find_live`).

    One that is being replaced just now is left to whoever replaces it: waiting here, out of the
    order of accounts, could end in a deadlock.
    """
    await tx.execute(
        """
        UPDATE links
        SET state = 'void', ended_at = $2
        WHERE id IN (
            SELECT id FROM links
            WHERE account_id = $1 AND state = 'live'
            FOR UPDATE SKIP LOCKED
        )
        """,
        account_id,
        at,
    )


async def sweep(tx: Connection, *, now: datetime, limit: int) -> int:
    """Delete expired links, whatever their state; return how many."""
    rows = await tx.fetch(
        """
        DELETE FROM links
        WHERE id IN (
            SELECT id FROM links
            WHERE expires_at <= $1
            ORDER BY id
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        RETURNING id
        """,
        now,
        limit,
    )
    return len(rows)


def _link(row: Row) -> Link:
    return Link(
        id=row["id"],
        account_id=row["account_id"],
        token_digest=row["token_digest"],
        security_version=row["security_version"],
        issued_at=row["issued_at"],
        expires_at=row["expires_at"],
    )
