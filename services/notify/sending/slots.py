"""Slots: how many messages of a class are sent at once, over all claims of a replica."""

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass, field

UNRECORDED = 200  # answered messages: as many as one statement records, and one is under way


@dataclass(slots=True)
class Slots:
    """Each message that is being sent holds one, however slow its server is, until it is answered.

    What is answered is recorded beside the next ones, but only so much of it: where nothing can be
    recorded, each message more would be one more of which nobody knows.
    """

    _held: set[Hashable] = field(default_factory=set)
    _under_way: set[Hashable] = field(default_factory=set)  # these, and what is being recorded
    _given_back: asyncio.Event = field(default_factory=asyncio.Event)

    async def free(self, *, of: int) -> None:
        """Wait until one of so many is free. Take it before anything else is awaited."""
        while len(self._held) >= of or len(self._under_way) >= of + UNRECORDED:
            self._given_back.clear()
            await self._given_back.wait()

    def take(self, holder: Hashable) -> None:
        """Hold one that is free."""
        self._held.add(holder)
        self._under_way.add(holder)

    def give_back(self, holder: Hashable) -> None:
        """Let another have it, while what came of this one is recorded."""
        self._held.discard(holder)
        self._given_back.set()

    def leave(self, holder: Hashable) -> None:
        """Be through, wherever that was."""
        self._under_way.discard(holder)
        self.give_back(holder)
