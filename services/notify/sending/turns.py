"""Which deliveries a courier takes next: of its class and channel, and fair between practices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.notify.preferences.model import Means
from services.notify.sending.model import Turn
from services.notify.sending.store import turns as store
from services.notify.sending.store.turns import LOWEST, Lease
from shared.contracts.ids import PracticeId
from shared.db import Connection


class Turns(Protocol):
    """One class's way of taking what is due."""

    async def take(self, tx: Connection, lease: Lease, *, now: datetime) -> Sequence[Turn]:
        """Take at most about `lease.limit` deliveries."""


@dataclass(frozen=True, slots=True)
class ActivityTurns:
    """Account activity: the longest due first."""

    means: Means

    async def take(self, tx: Connection, lease: Lease, *, now: datetime) -> Sequence[Turn]:
        """Take the longest due."""
        return await store.take_activity(tx, lease, self.means, now=now)


@dataclass(slots=True)
class CommunicationTurns:
    """Practice communications: practices take turns, so a broadcast of one delays no other."""

    means: Means
    after: PracticeId = LOWEST  # the practice that had its turn last

    async def take(self, tx: Connection, lease: Lease, *, now: datetime) -> Sequence[Turn]:
        """Take an equal share of each of the next practices in the ring."""
        due = await self._next(tx, limit=lease.limit, now=now)
        if not due:
            return ()
        self.after = due[-1]
        return await store.take_communications(tx, lease, self.means, due, now=now)

    async def _next(self, tx: Connection, *, limit: int, now: datetime) -> Sequence[PracticeId]:
        found = await store.practices_due(tx, self.means, after=self.after, limit=limit, now=now)
        if len(found) < limit and self.after != LOWEST:
            first = await store.practices_due(
                tx, self.means, after=LOWEST, limit=limit - len(found), now=now
            )
            found = [*found, *(practice for practice in first if practice not in found)]
        return found
