"""MG-9: absorbed → survivor, for ever, and flat."""

from datetime import datetime

from services.merge.saga.model import Merge
from shared.db import Connection


async def add(tx: Connection, merge: Merge, *, at: datetime) -> None:
    """Keep who absorbed whom; who was absorbed by the absorbed one now goes the same way.

    The survivor may have been absorbed itself where a message comes late: then all go to its own
    survivor.
    """
    await tx.execute(
        """
        WITH root AS (
            SELECT coalesce(
                (SELECT survivor_id FROM absorptions WHERE absorbed_id = $2), $2
            ) AS survivor_id
        ), flattened AS (
            UPDATE absorptions SET survivor_id = root.survivor_id
            FROM root WHERE absorptions.survivor_id = $1
        )
        INSERT INTO absorptions (absorbed_id, survivor_id, merge_id, absorbed_at)
        SELECT $1, survivor_id, $3, $4 FROM root
        """,
        merge.absorbed_id,
        merge.survivor_id,
        merge.id,
        at,
    )
