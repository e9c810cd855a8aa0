"""Accepted terms in the database (EN-9)."""

from datetime import datetime

from shared.contracts.ids import AccountId
from shared.db import Connection


async def accept(tx: Connection, account_id: AccountId, version: str, *, now: datetime) -> None:
    """Record that this version was accepted; the first time counts."""
    await tx.execute(
        """
        INSERT INTO terms_acceptances (account_id, version, accepted_at) VALUES ($1, $2, $3)
        ON CONFLICT (account_id, version) DO NOTHING
        """,
        account_id,
        version,
        now,
    )
