"""What tables held a moment ago, for readers who cannot wait for the database each time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from shared.errors import DatabaseUnavailable

FRESH = 30.0  # seconds what was read is trusted; a loop reads far more often
POLL = 0.05  # seconds between two looks, however many ask for one
RETRY = 1.0  # seconds until a database that was away is asked again by those who have something

V = TypeVar("V")


def elapsed() -> float:
    """Real seconds, for waits and caches: a test's clock may stand still."""
    return asyncio.get_running_loop().time()


class Kept(Generic[V]):
    """One value read from the database, shared by all requests of a replica.

    However many ask at once, the database is asked 20 times a second at most: whoever forges key
    ids by the thousand gets no query of its own.
    """

    def __init__(self, read: Callable[[], Awaitable[V]], *, before: V) -> None:
        self.value = before  # as it was read last
        self._read = read
        self._read_at = float("-inf")  # when the look that read it began
        self._failed_at = float("-inf")
        self._looking = asyncio.Lock()

    async def fresh(self) -> V:
        """At most 30 s old; while the database is away what was read last, however old.

        Raises DatabaseUnavailable where nothing was read yet.
        """
        now = elapsed()
        if now - self._read_at <= FRESH:
            return self.value
        never = self._read_at == float("-inf")
        if never or (now - self._failed_at > RETRY and not self._looking.locked()):
            try:
                return await self.look()
            except DatabaseUnavailable:
                if never:
                    raise
        return self.value

    async def look(self) -> V:
        """Read what is there now, in a look that began after this call. Raises what reading does.

        Who waited while the database was found away is told so, and does not try once more.
        """
        asked = elapsed()
        async with self._looking:
            if self._read_at >= asked:
                return self.value
            if self._failed_at >= asked:
                raise DatabaseUnavailable
            await asyncio.sleep(max(0.0, self._read_at + POLL - elapsed()))
            begun = elapsed()
            try:
                self.value = await self._read()
            except DatabaseUnavailable:
                self._failed_at = elapsed()
                raise
            self._read_at = begun
            return self.value
