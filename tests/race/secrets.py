"""`make race PART=secrets`: what is good once, and what can be guessed at, for long and over three
processes of each service (SE-3, MF-1, MF-4, LG-2, MF-3).

What is raced for and guessed at are tables of `tests/conformance`, which `make test` plays a little
of. Replicas are real ones, over HTTP, on a PostgreSQL that keeps nothing past a power cut; hashes
cost 4, so that rows decide and not the processor.
"""

import asyncio
import importlib
import os
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from deploy.local.processes import Run
from shared.contracts.topology import SERVICES
from tests.conformance.guesses import DOORS, Guessed, Learned, honest_beside
from tests.conformance.secrets import RACERS, SECRETS, Lost, OneTime
from tests.race.one_account import race as one_account
from tests.race.ways_back import race as ways_back
from tests.rigs.processes import process
from tests.rigs.replica import Caller, environment
from tests.support.clock import RunningClock
from tests.support.database import Database, Template, migrated_template
from tests.support.infra import FOLDER, new_run_id, open_servers

REPLICAS = 3
CHUNK = 25  # rounds on one stage: tokens live five minutes, and its tables are emptied after it
HONEST = 200
PLAYED = {
    "one account, its holder and a thief": one_account.play,
    "ways back into an account, its holder and a thief": ways_back.play,
}
LIVED = 3  # times the share of a secret
LIVES, STEPS = 20, 50

Say = Callable[[str], None]


@dataclass(slots=True, kw_only=True)
class Tally:
    """What came of one secret."""

    secret: OneTime
    rounds: int = 0
    seconds: float = 0.0
    told: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        requests = self.rounds * RACERS
        told = ", ".join(f"{count} {code}" for code, count in self.told.most_common())
        return (
            f"{self.secret.service}: {self.secret.name}: {self.rounds} rounds of {RACERS} in "
            f"{self.seconds:.0f} s, {requests / max(self.seconds, 0.001):.0f} a second: {told}"
        )


async def race(*, rounds: int, guesses: int, within: float, only: str, say: Say) -> bool:
    """Race for every secret so often, or as often as fits, and guess at every door.

    False where a secret had no winner or several, or a guesser learned more than he may.
    """
    loop, failures = asyncio.get_running_loop(), 0
    raced_for = [secret for secret in SECRETS if only in secret.name]
    guessed_at = [door for door in DOORS if only in door.name]
    played = [what for what in PLAYED if only in what]
    until = loop.time() + within
    left = len(raced_for) + len(guessed_at) + (LIVED if played else 0)
    async with AsyncExitStack() as stack:
        servers = await stack.enter_async_context(open_servers(dict(os.environ), say))
        template = await stack.enter_async_context(migrated_template(servers, new_run_id()))
        run = Run(FOLDER)
        stack.push_async_callback(run.stop)
        for service in SERVICES:
            tallies = [Tally(secret=one) for one in raced_for if one.service == service]
            doors = [door for door in guessed_at if door.service == service]
            if not (mine := len(tallies) + len(doors)):
                continue
            share = (until - loop.time()) * mine / left
            left -= mine
            ends = loop.time() + share
            async with template.copy() as database, served(run, service, database) as arena:
                for door in doors:
                    failures += await guessed(arena, door, times=guesses, say=say)
                failures += await raced(arena, tallies, rounds=rounds, until=ends, say=say)
        for number, what in enumerate(played):
            ends = loop.time() + (until - loop.time()) / (len(played) - number)
            failures += await lived(template, what, until=ends, say=say)
    say(f"{failures} lost" if failures else "every round had one winner, no guesser learned more")
    return not failures


async def guessed(arena: "Arena", door: Guessed, *, times: int, say: Say) -> int:
    """Guess at one door, meanwhile honest people log on; return how often it was too much."""
    loop, honest = asyncio.get_running_loop(), 0
    began = loop.time()
    try:
        async with arena.stage() as stage:
            target = await door.made(stage)
            if door.service == "identity":
                async with honest_beside(
                    stage, arena.replicas, HONEST, holder=target.holder
                ) as beside:
                    guesses = await door.guess(target, arena.replicas, times)
                honest = beside.passed
            else:
                guesses = await door.guess(target, arena.replicas, times)
    except Learned as problem:
        say(str(problem))
        return 1
    seconds = loop.time() - began
    say(
        f"{door.service}: {door.name}: {guesses.told} guesses in {seconds:.0f} s, "
        f"{guesses.told / seconds:.0f} a second, {guesses.right} of them right: "
        f"{door.allowed} were looked at; {honest} honest log-ons passed"
    )
    return 0


async def raced(
    arena: "Arena", tallies: Sequence[Tally], *, rounds: int, until: float, say: Say
) -> int:
    """Play each secret in turn, a chunk at a time, so that all have as many rounds in the end.

    Each is played a chunk of, however late it is.
    """
    loop, lost = asyncio.get_running_loop(), 0
    playing = list(tallies)
    while playing:
        for tally in list(playing):
            if tally.rounds and loop.time() >= until:
                playing.remove(tally)
                continue
            try:
                await chunk(arena, tally, most=min(CHUNK, rounds - tally.rounds))
            except Lost as problem:
                say(str(problem))
                lost += 1
                playing.remove(tally)
        playing = [tally for tally in playing if tally.rounds < rounds]
    for tally in tallies:
        say(str(tally))
    if short := sum(tally.rounds < rounds for tally in tallies):
        say(f"{short} of {len(tallies)} had fewer than {rounds} rounds: let it run for longer")
    return lost


async def chunk(arena: "Arena", tally: Tally, *, most: int) -> None:
    """Play so many rounds."""
    loop = asyncio.get_running_loop()
    async with arena.stage() as stage:
        for _ in range(most):
            began = loop.time()
            tally.told += await tally.secret.round(stage, arena.replicas, tally.rounds)
            tally.seconds += loop.time() - began
            tally.rounds += 1


async def lived(template: Template, what: str, *, until: float, say: Say) -> int:
    """Let a holder and a thief do by chance what they like, until then."""
    loop, lives = asyncio.get_running_loop(), 0
    began = loop.time()
    while not lives or loop.time() < until:
        async with template.copy() as database:
            try:
                await asyncio.to_thread(
                    PLAYED[what], database, examples=LIVES, steps=STEPS, chance=True
                )
            except Exception as problem:
                say("".join(traceback.format_exception(problem)))
                return 1
        lives += LIVES
    say(f"{what}: {lives} lives of {STEPS} steps in {loop.time() - began:.0f} s")
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Arena:
    """A service's replicas, and its database between two stages."""

    service: str
    database: Database
    clock: RunningClock
    replicas: Sequence[Caller]

    @asynccontextmanager
    async def stage(self) -> AsyncIterator[Any]:
        """Hold who makes the secrets, in this process, on a database without earlier rounds."""
        while True:
            try:
                assert await self.database.restored(), "a table was altered"
                break
            except asyncpg.DeadlockDetectedError:  # with a loop of a replica, which goes on
                continue
        module: Any = importlib.import_module(f"tests.conformance.examples.{self.service}")
        async with module.opened(self.database, self.clock) as stage:
            yield stage


@asynccontextmanager
async def served(run: Run, service: str, database: Database) -> AsyncIterator[Arena]:
    """Hold three processes of the service, ready, which know what a stage needs."""
    module: Any = importlib.import_module(f"tests.conformance.examples.{service}")
    clock, environ = RunningClock(), environment(service, database.url(service))
    async with AsyncExitStack() as stack:
        async with module.opened(database, clock):
            await database.keep()
        names = [f"race-{service}-{number}" for number in range(REPLICAS)]
        made = [
            await stack.enter_async_context(process(run, service, environ, name=name))
            for name in names
        ]
        replicas = [one.caller for one in made]
        yield Arena(service=service, database=database, clock=clock, replicas=replicas)
