"""Rounds of a race of merges, so many beside each other, and what the servers count meanwhile."""

import asyncio
import traceback
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from deploy.client.gateway import Gateway
from deploy.local.provision import connected
from deploy.local.stack import Stack
from deploy.tour.acts import AT_THE_DESK
from shared.contracts.topology import SERVICES
from shared.messaging.broker import Broker
from shared.randomness import Randomness
from tests.fault.books import Books
from tests.fault.ledger import Ledger
from tests.fault.people import Person
from tests.fault.tap import Tap
from tests.race.merges.killing import killing
from tests.race.merges.racer import Racer
from tests.race.merges.rounds import Round
from tests.race.merges.tally import Tally
from tests.support.suite import FAST, Suite

AT_ONCE = 6  # people whose accounts are raced for beside each other
DEADLOCKS_TOLD = 11.0  # seconds until each connection has told what it counted
UNBOUND: Mapping[str, Mapping[str, str]] = {
    **FAST,
    "identity": {
        **FAST["identity"],
        **{
            f"PORTICO_CLIENT_{each}_AN_HOUR": "1000000"
            for each in ("RECORDS", "TOKENS", "UN_ENROLMENTS")
        },
    },
    "recovery": {**FAST["recovery"], "PORTICO_CLIENT_RESET_TOKENS_AN_HOUR": "10000"},
}
"""Cheap hashes, and budgets of the practices that a race does not come up against."""


class Kind(Enum):
    """Of a round: what its person's accounts are like."""

    GUARDED = "two-step is on"
    WITHOUT_MAILBOX = "C has no verified address, and no questions"
    PLAIN = "a password each"


ROUNDS = tuple(Kind)
"""In turns; the first of each is calm."""


async def race(
    suite: Suite, *, rounds: int, kills: int, within: float, told_within: float = DEADLOCKS_TOLD
) -> Tally:
    """Play so many rounds, or as many as fit, and kill so often meanwhile, or as often as fits."""
    loop, tally, randomness = asyncio.get_running_loop(), Tally(), Randomness()
    began, numbers = loop.time(), iter(range(rounds))
    stack = suite.stack
    async with (
        Gateway(suite.addresses.services) as gateway,
        connected(stack.surroundings.database.administrator_url) as database,
    ):
        books = Books(
            database=stack.surroundings.database,
            tap=Tap(access=stack.surroundings.broker, broker=Broker("amqp://nowhere", name="none")),
            mailbox=suite.mails,
            clock_file=stack.surroundings.clock_file,
        )
        guarded = Guarded(database)

        def person() -> Person:
            return Person.new(suite.addresses, gateway, Ledger(books=books))

        async def play() -> None:
            for number in numbers:
                if number and loop.time() > began + within:
                    return
                kind = ROUNDS[number % len(ROUNDS)]
                a, b, c = (person() for _ in range(3))
                b = replace(b, practice=b.neighbour)
                racers = [
                    Racer(person=one, gateway=suite.addresses.gateway, number=place)
                    for place, one in enumerate((a, b, c))
                ]
                racers[-1].mailbox = kind is not Kind.WITHOUT_MAILBOX
                one = Round(
                    database=guarded,
                    racers=racers,
                    tally=tally,
                    randomness=randomness,
                    guarded=kind is Kind.GUARDED,
                    calm=number < len(ROUNDS),
                )
                try:
                    await one.play()
                except Exception as problem:
                    told = "".join(traceback.format_exception(problem))
                    tally.lost.append(f"round {number}, {one.ids}: {told}")
                tally.rounds += 1
                tally.away.update(one.away)

        dead, deadlocks = await dead_letters(guarded), await deadlocks_of(stack)
        await wanting_questions(person(), wanted=True)
        async with killing(suite, kills, tally, randomness):
            await asyncio.gather(*(play() for _ in range(AT_ONCE)))
        tally.seconds = loop.time() - began
        await wanting_questions(person(), wanted=False)
        await asyncio.sleep(told_within)
        tally.deadlocks = await deadlocks_of(stack) - deadlocks
        tally.lost += (await dead_letters(guarded) - dead).elements()
    return tally


async def wanting_questions(somebody: Person, *, wanted: bool) -> None:
    """Both practices want security questions meanwhile, so that there is that route too (RC-4)."""
    for practice in (somebody.practice, somebody.neighbour):
        await somebody.client.insist(
            "change_practice_settings",
            200,
            token=await practice.token(),
            body={**AT_THE_DESK, "security_questions": wanted},
        )


@dataclass(frozen=True, slots=True)
class Guarded:
    """One connection that many ask, one after the other."""

    connection: Any
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def fetch(self, statement: str, *arguments: object) -> Any:
        async with self.turn:
            return await self.connection.fetch(statement, *arguments)

    async def fetchval(self, statement: str, *arguments: object) -> Any:
        async with self.turn:
            return await self.connection.fetchval(statement, *arguments)


async def deadlocks_of(stack: Stack) -> Counter[str]:
    """How many each service's database has counted; one that several share, for each."""
    found: Counter[str] = Counter()
    for service in SERVICES:
        async with connected(stack.surroundings.database.url(service)) as database:
            found[service] = await database.fetchval(
                "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
            )
    return found


async def dead_letters(database: Guarded) -> Counter[str]:
    """Messages that nobody could take."""
    found: Counter[str] = Counter()
    for service in SERVICES:
        dead = await database.fetch(f"SELECT event_type, detail FROM {service}.dead_letters")  # noqa: S608
        found.update(
            f"dead letter of {service}: {row['event_type']}: {row['detail']}" for row in dead
        )
    return found
