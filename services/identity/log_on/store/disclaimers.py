"""Practices' disclaimers in the database, and what sessions are asked of them (DISC-1)."""

from datetime import datetime

from msgspec.json import decode, encode

from services.identity.log_on.model import AskedDisclaimer, Disclaimer
from services.identity.sessions.reach import Answer
from shared.contracts.ids import PracticeId, SessionId
from shared.db import Connection, Row

_ASKED = """
    SELECT a.practice_id, c.name, a.version, d.texts, coalesce(a.answer, 'unanswered') AS answer
    FROM session_disclaimers a
    JOIN disclaimers d USING (practice_id, version)
    JOIN practices c ON c.id = a.practice_id
    WHERE a.session_id = $1
"""


async def current(tx: Connection, practice_id: PracticeId) -> Disclaimer:
    """The highest version; version 0 without a text where there is none."""
    row = await tx.fetchrow(
        """
        SELECT version, texts FROM disclaimers WHERE practice_id = $1
        ORDER BY version DESC LIMIT 1
        """,
        practice_id,
    )
    if row is None:
        return Disclaimer(version=0, texts={})
    return Disclaimer(version=row["version"], texts=decode(row["texts"], type=dict[str, str]))


async def add(
    tx: Connection, practice_id: PracticeId, disclaimer: Disclaimer, *, now: datetime
) -> None:
    """Insert a version of a practice that is held."""
    await tx.execute(
        """
        INSERT INTO disclaimers (practice_id, version, texts, published_at)
        VALUES ($1, $2, $3::text::jsonb, $4)
        """,
        practice_id,
        disclaimer.version,
        encode(disclaimer.texts).decode(),
        now,
    )


async def asked(tx: Connection, session_id: SessionId) -> tuple[AskedDisclaimer, ...]:
    """All that a session is asked, in the order of the practices' names."""
    rows = await tx.fetch(f"{_ASKED} ORDER BY c.name, c.id", session_id)
    return tuple(map(_asked, rows))


async def asked_of(
    tx: Connection, session_id: SessionId, practice_id: PracticeId
) -> AskedDisclaimer | None:
    """What a session is asked for one practice; None: nothing."""
    row = await tx.fetchrow(f"{_ASKED} AND a.practice_id = $2", session_id, practice_id)
    return _asked(row) if row else None


def _asked(row: Row) -> AskedDisclaimer:
    return AskedDisclaimer(
        practice_id=row["practice_id"],
        practice_name=row["name"],
        version=row["version"],
        texts=decode(row["texts"], type=dict[str, str]),
        answer=Answer(row["answer"]),
    )
