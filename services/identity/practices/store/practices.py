"""Practices in the database."""

from datetime import datetime

from services.identity.practices.model import Practice
from shared.contracts.ids import PracticeId
from shared.db import Connection, Row

_PRACTICE = "id, version, name, contact, locale, time_zone, reset_link_minutes"


async def add(tx: Connection, practice: Practice, *, now: datetime) -> None:
    """Insert a practice."""
    await tx.execute(
        """
        INSERT INTO practices (
            id, version, name, contact, locale, time_zone, reset_link_minutes, created_at
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        practice.id,
        practice.version,
        practice.name,
        practice.contact,
        practice.locale,
        practice.time_zone,
        practice.reset_link_minutes,
        now,
    )


async def find(tx: Connection, practice_id: PracticeId) -> Practice | None:
    """Look up by id."""
    row = await tx.fetchrow(
        f"SELECT {_PRACTICE} FROM practices WHERE id = $1",  # noqa: S608 - columns of ours
        practice_id,
    )
    return _practice(row) if row else None


async def set_reset_link_minutes(
    tx: Connection, practice_id: PracticeId, minutes: int
) -> Practice | None:
    """Change the setting; return the practice at its new version."""
    row = await tx.fetchrow(
        f"""
        UPDATE practices SET reset_link_minutes = $2, version = version + 1
        WHERE id = $1
        RETURNING {_PRACTICE}
        """,  # noqa: S608 - columns of ours
        practice_id,
        minutes,
    )
    return _practice(row) if row else None


def _practice(row: Row) -> Practice:
    return Practice(
        id=row["id"],
        version=row["version"],
        name=row["name"],
        contact=row["contact"],
        locale=row["locale"],
        time_zone=row["time_zone"],
        reset_link_minutes=row["reset_link_minutes"],
    )
