"""Claims: what a courier holds under one lease, some of it ahead of what it is sending.

A lease lasts as long as its courier lives, however slow the mail server is. What is claimed and
cannot be begun is handed back, so that no server that is away, and no end of a process, holds a
mail up until its lease has run out.
"""

import asyncio
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.notify.ledger.model import DeliveryId
from services.notify.sending.model import Turn
from services.notify.sending.store import turns as store
from services.notify.sending.turns import Turns
from services.notify.suppressions.store import stops, suppressions
from shared.clock import Clock
from shared.db import Connection, Database
from shared.errors import Unavailable
from shared.randomness import Randomness


@dataclass(slots=True, kw_only=True, eq=False)
class Claim:
    """Turns taken together under one token: each waits, is under way, or is over."""

    token: UUID
    waiting: deque[Turn]
    under_way: set[DeliveryId] = field(default_factory=set)
    broken_off: set[DeliveryId] = field(default_factory=set)  # nobody knows how far it came
    over: asyncio.Event = field(default_factory=asyncio.Event)  # once each of them is

    def begin(self) -> Turn:
        """Take up the next one."""
        turn = self.waiting.popleft()
        self.under_way.add(turn.id)
        return turn

    def end(self, turn: Turn) -> None:
        """It is settled, or lost."""
        self.under_way.discard(turn.id)
        self._look()

    def break_off(self, turn: Turn) -> None:
        """It was cancelled on its way: nobody keeps its lease any more."""
        self.broken_off.add(turn.id)
        self.end(turn)

    def put_back(self, turn: Turn) -> None:
        """It could not be begun after all."""
        self.under_way.discard(turn.id)
        self.waiting.appendleft(turn)

    def give_up_waiting(self) -> list[DeliveryId]:
        """Begin none of those that wait any more."""
        given_up = [turn.id for turn in self.waiting]
        self.waiting.clear()
        self._look()
        return given_up

    def give_up(self) -> list[DeliveryId]:
        """Nor see through what is under way."""
        given_up = [*self.give_up_waiting(), *self.under_way, *self.broken_off]
        self.under_way.clear()
        self.broken_off.clear()
        self._look()
        return given_up

    def _look(self) -> None:
        if not (self.waiting or self.under_way):
            self.over.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """One class's: taken, kept, handed back."""

    turns: Turns
    batch: int  # at most about so many together
    lease: timedelta
    database: Database
    clock: Clock
    randomness: Randomness

    async def take(self) -> Claim:
        """Claim what is due."""
        token = self.randomness.uuid()
        lease = store.Lease(token=token, until=self._lease_end(), limit=self.batch)
        async with self.database.transaction() as tx:
            taken = await self.turns.take(tx, lease, now=self.clock.now())
            suppressed = await self._suppressed(tx, taken)
        taken = [
            replace(turn, suppressed=True) if turn.destination in suppressed else turn
            for turn in taken
        ]
        return Claim(token=token, waiting=deque(taken))

    def begin(self, claim: Claim) -> Turn:
        """Take up the next one of a claim."""
        turn = claim.begin()
        self.turns.begin(turn)
        return turn

    async def _suppressed(self, tx: Connection, taken: Sequence[Turn]) -> Collection[str]:
        """Which destinations get nothing; the turns of one courier are of one channel."""
        if not taken:
            return ()
        find = stops.among if taken[0].texted else suppressions.among
        return await find(tx, {turn.destination for turn in taken})

    async def keep(self, claim: Claim) -> None:
        """Renew its lease again and again until it is over. While the database is away it may run
        out: the fence holds.
        """
        while not await self._is_over(claim, within=self.lease.total_seconds() / 3):
            held = [*claim.under_way, *(turn.id for turn in claim.waiting)]
            try:
                async with self.database.connection() as connection:
                    await store.renew(connection, held, claim.token, until=self._lease_end())
            except Unavailable:
                continue

    async def hand_back(self, claim: Claim) -> None:
        """Let others begin at once what has not been begun here; nobody has tried it."""
        await self._hand_back(claim.token, claim.give_up_waiting())

    async def hand_back_unsent(self, claim: Claim) -> None:
        """The same with what was under way and is cut off, but for what the server may have."""
        await self._hand_back(claim.token, claim.give_up())

    async def _is_over(self, claim: Claim, *, within: float) -> bool:
        try:
            async with asyncio.timeout(within):
                await claim.over.wait()
        except TimeoutError:
            return False
        return True

    async def _hand_back(self, token: UUID, ids: list[DeliveryId]) -> None:
        if not ids:
            return
        try:
            async with self.database.connection() as connection:
                await store.hand_back(connection, ids, token)
        except Unavailable:
            return  # their lease runs out

    def _lease_end(self) -> datetime:
        return self.clock.unshifted() + self.lease
