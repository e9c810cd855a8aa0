"""Slots: how many messages of a class are sent at once, over all claims of a replica."""

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Slots:
    """Each message that is being sent holds one, however slow its server is."""

    _held: set[Hashable] = field(default_factory=set)
    _given_back: asyncio.Event = field(default_factory=asyncio.Event)

    async def free(self, *, of: int) -> None:
        """Wait until one of so many is free. Take it before anything else is awaited."""
        while len(self._held) >= of:
            self._given_back.clear()
            await self._given_back.wait()

    def take(self, holder: Hashable) -> None:
        """Hold one that is free."""
        self._held.add(holder)

    def give_back(self, holder: Hashable) -> None:
        """Let another have it; nothing changes where that was done before."""
        self._held.discard(holder)
        self._given_back.set()
