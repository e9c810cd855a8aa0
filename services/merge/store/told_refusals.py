"""MG-6: refusals that were told, each once for its two proofs."""

from datetime import datetime

from shared.db import Connection


async def claim(tx: Connection, *, survivor_proof: str, absorbed_proof: str, now: datetime) -> bool:
    """Take it upon this transaction to tell. False where it was told; a racer waits to know."""
    claimed = await tx.fetchval(
        """
        INSERT INTO told_refusals (survivor_proof, absorbed_proof, told_at) VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING
        RETURNING true
        """,
        survivor_proof,
        absorbed_proof,
        now,
    )
    return claimed is not None


async def sweep(tx: Connection, *, before: datetime, limit: int) -> int:
    """Forget those told before; return how many."""
    rows = await tx.fetch(
        """
        DELETE FROM told_refusals
        WHERE (survivor_proof, absorbed_proof) IN (
            SELECT survivor_proof, absorbed_proof FROM told_refusals
            WHERE told_at <= $1
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        RETURNING true
        """,
        before,
        limit,
    )
    return len(rows)
