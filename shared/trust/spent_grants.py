"""Spent grants, forgotten once no grant of that age is taken any more."""

from dataclasses import dataclass
from datetime import timedelta

from shared.clock import Clock
from shared.db import Database

KEPT = timedelta(days=30)  # a proof brings grants as long as it lives: 21 days at most (RC-5)
SWEPT = 1000

SWEEP = """
DELETE FROM spent_grants
 WHERE (issuer, jti) IN (SELECT issuer, jti FROM spent_grants
                          WHERE spent_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpentGrants:
    database: Database
    clock: Clock

    async def sweep(self) -> int:
        """Delete up to SWEPT that are over; return how many."""
        async with self.database.connection() as connection:
            swept = await connection.fetch(SWEEP, self.clock.now() - KEPT, SWEPT)
        return len(swept)
