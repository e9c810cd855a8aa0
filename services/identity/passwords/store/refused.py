"""New passwords that were refused with a proof, in the database (RC-3)."""

from datetime import datetime, timedelta

from shared.db import Connection
from shared.grants import Grant

KEPT = timedelta(days=30)  # longer than any proof can bring grants


async def times(tx: Connection, grant: Grant) -> int:
    """How many were refused. Call it with the account's row held, and count under it."""
    refused = await tx.fetchval(
        "SELECT refused FROM refused_passwords WHERE issuer = $1 AND jti = $2",
        grant.issuer,
        grant.jti,
    )
    return int(refused or 0)


async def count(tx: Connection, grant: Grant, *, now: datetime) -> None:
    """Count one that was refused, whichever grant of its proof came with it."""
    await tx.execute(
        """
        INSERT INTO refused_passwords AS r (issuer, jti, refused, last_at) VALUES ($1, $2, 1, $3)
        ON CONFLICT (issuer, jti) DO UPDATE
        SET refused = r.refused + 1, last_at = greatest(r.last_at, excluded.last_at)
        """,
        grant.issuer,
        grant.jti,
        now,
    )


async def sweep(tx: Connection, *, now: datetime, limit: int) -> int:
    """Forget proofs that can bring no grant any more."""
    rows = await tx.fetch(
        """
        DELETE FROM refused_passwords
        WHERE (issuer, jti) IN (
            SELECT issuer, jti FROM refused_passwords WHERE last_at <= $1
            ORDER BY issuer, jti LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        RETURNING jti
        """,
        now - KEPT,
        limit,
    )
    return len(rows)
