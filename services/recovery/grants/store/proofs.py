"""Proofs in the database, whichever way back they are of."""

from datetime import datetime
from uuid import UUID

from shared.db import Connection


async def use(tx: Connection, proof_id: UUID, *, at: datetime) -> None:
    """Mark a link or token used: identity has accepted a password that was set by it.

    A superseded or void one too, for its grant may have been fetched before.
    """
    await tx.execute(
        """
        UPDATE one_time_secrets SET state = 'used', ended_at = $2
        WHERE id = $1 AND state <> 'used'
        """,
        proof_id,
        at,
    )
