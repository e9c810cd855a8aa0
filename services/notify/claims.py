"""Which deliveries a courier takes next: of its class only, and fair between practices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.notify.model import Claimed
from services.notify.store import claims
from services.notify.store.claims import LOWEST, Lease
from shared.contracts.ids import PracticeId
from shared.db import Connection


class Claims(Protocol):
    """One class's way of taking what is due."""

    async def take(self, tx: Connection, lease: Lease, *, now: datetime) -> Sequence[Claimed]:
        """Claim at most about `lease.limit` deliveries."""


@dataclass(frozen=True, slots=True)
class ActivityClaims:
    """Account activity: the longest due first."""

    async def take(self, tx: Connection, lease: Lease, *, now: datetime) -> Sequence[Claimed]:
        """Claim the longest due."""
        return await claims.claim_activity(tx, lease, now=now)


@dataclass(slots=True)
class CommunicationClaims:
    """Practice communications: practices take turns, so a broadcast of one delays no other."""

    after: PracticeId = LOWEST  # the practice that had its turn last

    async def take(self, tx: Connection, lease: Lease, *, now: datetime) -> Sequence[Claimed]:
        """Claim an equal share of each of the next practices in the ring."""
        due = await self._next(tx, limit=lease.limit, now=now)
        if not due:
            return ()
        self.after = due[-1]
        return await claims.claim_communications(tx, lease, due, now=now)

    async def _next(self, tx: Connection, *, limit: int, now: datetime) -> Sequence[PracticeId]:
        found = await claims.practices_due(tx, after=self.after, limit=limit, now=now)
        if len(found) < limit and self.after != LOWEST:
            first = await claims.practices_due(tx, after=LOWEST, limit=limit - len(found), now=now)
            found = [*found, *(practice for practice in first if practice not in found)]
        return found
