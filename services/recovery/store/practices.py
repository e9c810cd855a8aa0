"""The projection of practices and their settings."""

from shared.contracts.identity import PracticeChanged
from shared.db import Connection
from shared.messaging import snapshots


async def keep(tx: Connection, practice: PracticeChanged, *, version: int) -> None:
    """Keep this snapshot unless one as new is kept already."""
    await snapshots.keep(
        tx,
        "practices",
        "practice_id",
        version=version,
        practice_id=practice.practice_id,
        name=practice.name,
        contact=practice.contact,
        locale=practice.locale,
        time_zone=practice.time_zone,
        reset_link_minutes=practice.reset_link_minutes,
    )
