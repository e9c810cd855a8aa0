"""Beats: the word of who writes a stream that every entry before a time is in it (SE-1)."""

import asyncio
from dataclasses import dataclass

import msgspec

from shared.clock import Clock
from shared.contracts.sessions import Beat
from shared.db import Database
from shared.errors import BrokerUnavailable
from shared.messaging.broker import Publisher
from shared.messaging.messages import Outcome, Outgoing
from shared.randomness import Randomness

PATIENCE = 0.9  # seconds for older entries to be sent; then this beat is dropped
LOOK_EVERY = 0.02

UNSENT = "SELECT array_agg(id) FROM outbox WHERE exchange = $1"
STILL_UNSENT = "SELECT array_agg(id) FROM outbox WHERE id = ANY ($1)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beats:
    """Publishes a beat each second, held back while an entry committed before it is unsent.

    The time is read first and the entries after it, so none committed before that time is missed;
    entries that come while waiting do not hold it back.
    """

    stream: str
    database: Database
    publisher: Publisher
    clock: Clock
    randomness: Randomness

    async def once(self) -> int:
        """Publish one beat; always 0, since a beat is no reason for the next to come sooner.

        None by a clock that is not measured: a host ahead of time would let readers believe for
        that long that they know everything.
        """
        if not self.clock.steady:
            return 0
        at = self.clock.unshifted()
        if await self._older_are_sent():
            [outcome] = await self.publisher.publish([self._outgoing(Beat(at=at))])
            if outcome is not Outcome.CONFIRMED:
                raise BrokerUnavailable(f"the beat was not confirmed: {outcome}")
        return 0

    async def _older_are_sent(self) -> bool:
        async with self.database.connection() as connection:
            unsent = await connection.fetchval(UNSENT, self.stream)
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while unsent:
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(LOOK_EVERY)
            async with self.database.connection() as connection:
                unsent = await connection.fetchval(STILL_UNSENT, unsent)
        return True

    def _outgoing(self, beat: Beat) -> Outgoing:
        return Outgoing(
            message_id=str(self.randomness.uuid()),
            exchange=self.stream,
            routing_key="",
            body=msgspec.json.encode(beat),
            content_type="application/json",
        )
