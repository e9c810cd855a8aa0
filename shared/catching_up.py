"""Reading one's own writes: a verb waits a moment for a projection that is behind its caller."""

import asyncio
from collections.abc import Awaitable, Callable

from shared.errors import CatchingUp
from shared.kept import elapsed

WAIT = 1.0  # seconds for a snapshot that has not arrived
POLL = 0.05  # seconds between looks


async def caught_up(look: Callable[[], Awaitable[bool]], missing: str) -> None:
    """Look until it is there, for up to 1 s. Raises CatchingUp; never ask inside a transaction."""
    deadline = elapsed() + WAIT
    while not await look():
        if elapsed() >= deadline:
            raise CatchingUp(missing)
        await asyncio.sleep(POLL)
