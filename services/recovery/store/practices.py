"""The projection of practices and their settings."""

from shared.contracts.identity import PracticeChanged
from shared.db import Connection


async def keep(tx: Connection, practice: PracticeChanged, *, version: int) -> None:
    """Keep this snapshot unless one as new is kept already."""
    await tx.execute(
        """
        INSERT INTO practices AS kept (
            practice_id, version, name, contact, locale, time_zone, reset_link_minutes
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (practice_id) DO UPDATE
        SET version = excluded.version,
            name = excluded.name,
            contact = excluded.contact,
            locale = excluded.locale,
            time_zone = excluded.time_zone,
            reset_link_minutes = excluded.reset_link_minutes
        WHERE kept.version < excluded.version
        """,
        practice.practice_id,
        version,
        practice.name,
        practice.contact,
        practice.locale,
        practice.time_zone,
        practice.reset_link_minutes,
    )
