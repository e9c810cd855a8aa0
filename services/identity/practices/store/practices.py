"""Practices in the database."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec.json import decode, encode

from services.identity.practices.model import Description, Practice
from shared.contracts.ids import PracticeId
from shared.contracts.practice_settings import PracticeSettings
from shared.db import Connection, Row
from shared.errors import NotFound

_PRACTICE = "id, version, name, contact, locale, time_zone, settings"


async def add(tx: Connection, practice: Practice, *, now: datetime) -> None:
    """Insert a practice."""
    await tx.execute(
        """
        INSERT INTO practices (
            id, version, name, contact, locale, time_zone, settings, created_at
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7::text::jsonb, $8)
        """,
        practice.id,
        practice.version,
        practice.name,
        practice.contact,
        practice.locale,
        practice.time_zone,
        encode(practice.settings).decode(),
        now,
    )


async def find(tx: Connection, practice_id: PracticeId) -> Practice:
    """Look up by id. Raises NotFound."""
    row = await tx.fetchrow(
        f"SELECT {_PRACTICE} FROM practices WHERE id = $1",  # noqa: S608 - columns of ours
        practice_id,
    )
    if row is None:
        raise NotFound
    return _practice(row)


async def hold(tx: Connection, practice_id: PracticeId) -> Practice | None:
    """Look up by id and hold until commit: who asks there (EN-4), and the versions of its
    disclaimer, come one after the other.
    """
    row = await tx.fetchrow(
        f"SELECT {_PRACTICE} FROM practices WHERE id = $1 FOR NO KEY UPDATE",  # noqa: S608 - columns of ours
        practice_id,
    )
    return _practice(row) if row else None


async def that_take_requests(connection: Connection) -> Sequence[Practice]:
    """List those that take requests, by name (EN-4)."""
    rows = await connection.fetch(
        f"""
        SELECT {_PRACTICE} FROM practices
        WHERE settings @> '{{"takes_requests": true}}'
        ORDER BY name, id
        """,  # noqa: S608 - columns of ours
    )
    return [_practice(row) for row in rows]


async def change(
    tx: Connection,
    practice_id: PracticeId,
    changes: Mapping[str, int | tuple[str, ...]],
    description: Description,
    *,
    version: int | None,
) -> Practice | None:
    """Change those settings and what is said, whatever happens to others; return the practice at
    its new version. With a `version` only one that stands at it is changed.

    None where it has these values already, by its row or as defaults that no row says yet, and
    where it stands at another version. What is not said is null, which differs from nothing.
    """
    row = await tx.fetchrow(
        f"""
        UPDATE practices
        SET settings = settings || $2::text::jsonb, version = version + 1,
            name = coalesce($4, name), contact = coalesce($5, contact),
            locale = coalesce($6, locale), time_zone = coalesce($7, time_zone)
        WHERE id = $1 AND version = coalesce($8, version)
          AND ($3::text::jsonb || settings <> $3::text::jsonb || settings || $2::text::jsonb
               OR name <> $4 OR contact <> $5 OR locale <> $6 OR time_zone <> $7)
        RETURNING {_PRACTICE}
        """,  # noqa: S608 - columns of ours
        practice_id,
        encode(changes).decode(),
        encode(PracticeSettings()).decode(),
        description.name,
        description.contact,
        description.locale,
        description.time_zone,
        version,
    )
    return _practice(row) if row else None


def _practice(row: Row) -> Practice:
    return Practice(**{**row, "settings": decode(row["settings"], type=PracticeSettings)})
