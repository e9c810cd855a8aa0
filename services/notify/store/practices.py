"""The projection of practices: newer wins."""

from shared.contracts.identity import PracticeChanged
from shared.contracts.ids import PracticeId
from shared.db import Connection


async def put(tx: Connection, practice: PracticeChanged, *, version: int) -> bool:
    """Apply a snapshot unless a newer one is here."""
    applied = await tx.fetchval(
        """
        INSERT INTO practices (id, version, name, locale, contact) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (id) DO UPDATE
        SET version = excluded.version, name = excluded.name, locale = excluded.locale,
            contact = excluded.contact
        WHERE practices.version < excluded.version
        RETURNING true
        """,
        practice.practice_id,
        version,
        practice.name,
        practice.locale,
        practice.contact,
    )
    return applied is not None


async def find_name(tx: Connection, practice_id: PracticeId) -> str | None:
    """Return the name printed in mails."""
    name: str | None = await tx.fetchval("SELECT name FROM practices WHERE id = $1", practice_id)
    return name
