"""Replicas killed at random, while accounts are merged."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from deploy.local.stack import program_name
from shared.randomness import Randomness
from tests.race.merges.tally import Tally
from tests.support.suite import Suite

LIFE = 8.0  # seconds at most from when all are ready to the next kill


@asynccontextmanager
async def killing(
    suite: Suite, kills: int, tally: Tally, randomness: Randomness
) -> AsyncIterator[None]:
    """Kill -9 one replica now and then, meanwhile; each is up again before the next."""
    places = suite.stack.replicas

    async def kill() -> None:
        for _ in range(kills):
            await asyncio.sleep(randomness.between(0, LIFE))
            service, replica = places[int(randomness.between(0, len(places)))]
            suite.kill(service, replica)
            tally.kills += 1
            await suite.restart(service, replica)

    task = asyncio.ensure_future(kill())
    try:
        yield
    finally:
        if not task.done():
            task.cancel()
        await asyncio.wait({task})
        for service, replica in places:
            if suite.stack.programs[program_name(service, replica)].process.poll() is not None:
                await suite.restart(service, replica)
    if not task.cancelled():
        task.result()
