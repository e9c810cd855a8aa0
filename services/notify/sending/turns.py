"""Which deliveries a courier takes next: of its class and channel, and fair between practices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
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
        """Take at most about `lease.limit` deliveries, in the order in which they are to begin."""

    def begin(self, turn: Turn) -> None:
        """One of them begins now; those after it may be handed back."""


@dataclass(frozen=True, slots=True)
class ActivityTurns:
    """Account activity: the longest due first."""

    means: Means

    async def take(self, tx: Connection, lease: Lease, *, now: datetime) -> Sequence[Turn]:
        """Take the longest due."""
        return await store.take_activity(tx, lease, self.means, now=now)

    def begin(self, turn: Turn) -> None:
        """Nobody's turn is over by it."""


@dataclass(slots=True)
class CommunicationTurns:
    """Practice communications: practices take turns, so a broadcast of one delays no other.

    A turn is had by what begins, not by what is taken: where servers are slow most of a claim is
    handed back, and would always be the same practices'.
    """

    means: Means
    after: PracticeId = LOWEST  # the practice that had its turn last

    async def take(self, tx: Connection, lease: Lease, *, now: datetime) -> Sequence[Turn]:
        """Take an equal share of each of the next practices in the ring: one of each, then the
        next of each.
        """
        due = await self._next(tx, limit=lease.limit, now=now)
        if not due:
            return ()
        taken = await store.take_communications(tx, lease, self.means, due, now=now)
        if not taken:
            self.after = due[-1]  # others hold what is due of these
        shares = ([turn for turn in taken if turn.practice_id == practice] for practice in due)
        return [turn for each in zip_longest(*shares) for turn in each if turn is not None]

    def begin(self, turn: Turn) -> None:
        """Its practice has had its turn."""
        if turn.practice_id is not None:
            self.after = turn.practice_id

    async def _next(self, tx: Connection, *, limit: int, now: datetime) -> Sequence[PracticeId]:
        found = await store.practices_due(tx, self.means, after=self.after, limit=limit, now=now)
        if len(found) < limit and self.after != LOWEST:
            first = await store.practices_due(
                tx, self.means, after=LOWEST, limit=limit - len(found), now=now
            )
            found = [*found, *(practice for practice in first if practice not in found)]
        return found
