"""Ceremonies that were answered (MF-6)."""

from datetime import datetime

from services.identity.passkeys.model import Ceremony
from shared.db import Connection


async def spend(tx: Connection, ceremony: Ceremony) -> bool:
    """Use it up. False: it was answered before; a racer waits here for the first one's end."""
    spent = await tx.fetchval(
        """
        INSERT INTO spent_ceremonies (id, expires_at) VALUES ($1, $2)
        ON CONFLICT DO NOTHING
        RETURNING true
        """,
        ceremony.id,
        ceremony.expires_at,
    )
    return spent is not None


async def sweep(tx: Connection, *, before: datetime, limit: int) -> int:
    """Forget those that are late by themselves, past locked ones."""
    rows = await tx.fetch(
        """
        DELETE FROM spent_ceremonies WHERE id IN (
            SELECT id FROM spent_ceremonies WHERE expires_at <= $1
            ORDER BY expires_at LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        RETURNING id
        """,
        before,
        limit,
    )
    return len(rows)
