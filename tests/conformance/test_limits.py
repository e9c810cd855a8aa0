"""Limits: whatever their purpose, exactly the allowed number, in every window, of 64 at once."""

import ast
import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from services.identity.credentials.password_changes import CHECKS
from services.identity.credentials.password_changes import REFUSED as REFUSED_CHANGES
from services.identity.credentials.usernames import CHANGES, TAKEN
from services.identity.emails.model import verification_mail_limit
from services.identity.log_on.resets import REFUSED
from services.identity.passkeys.model import COPIED
from services.identity.passwords.model import LockPolicy
from services.identity.requests.model import request_mail_limit
from services.identity.two_step.model import CODE_SETS, NOTICES, WRONG
from services.notify.addresses.model import NUMBER_CODE, address_mail_limit
from services.notify.suppressions.lifting import LIFTS
from services.notify.texts.model import HELP
from services.recovery.links.model import link_mail_limit
from services.recovery.practice_tokens.model import guess_limit, token_limit
from services.recovery.usernames.model import named_reminder_limit, reminder_limit
from services.recovery.validation.model import ROUNDS
from shared import limits
from shared.db import Database, Row
from shared.limits import DAY, HOUR, Limit, Taken
from shared.program.own_loops import SWEPT, swept
from tests.support import database as databases
from tests.support.clock import FakeClock
from tests.support.database import PATIENCE

SERVICES = Path(__file__).parents[2] / "services"
RACERS = 64
KEY = b"somebody"
TICK = timedelta(microseconds=1)
LIMITS = (
    ("identity", verification_mail_limit(an_hour=5, a_day=10)),
    ("identity", request_mail_limit(an_hour=5, a_day=10)),
    ("identity", LockPolicy().notices),
    ("identity", LockPolicy().unlocks),
    ("identity", REFUSED),
    ("identity", REFUSED_CHANGES),
    ("identity", CHECKS),
    ("identity", CHANGES),
    ("identity", TAKEN),
    ("identity", WRONG),
    ("identity", NOTICES),
    ("identity", CODE_SETS),
    ("identity", COPIED),
    ("notify", address_mail_limit(an_hour=5, a_day=10)),
    ("notify", NUMBER_CODE),
    ("notify", HELP),
    ("notify", LIFTS),
    ("recovery", link_mail_limit(pause=timedelta(seconds=60), an_hour=3, a_day=10)),
    ("recovery", reminder_limit(an_hour=3)),
    ("recovery", named_reminder_limit(an_hour=5, closing=timedelta(minutes=20))),
    ("recovery", ROUNDS),
    ("recovery", token_limit(a_day=10)),
    ("recovery", guess_limit(an_hour=10)),
)

every_limit = pytest.mark.parametrize(
    ("service", "limit"), LIMITS, ids=[f"{service} {limit.purpose}" for service, limit in LIMITS]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """A service's counts for one purpose."""

    database: Database
    clock: FakeClock
    limit: Limit

    @property
    def at_once(self) -> int:
        return min(most for most, _ in self.limit.windows)

    async def take(self, *keys: bytes) -> dict[bytes, int]:
        async with self.database.transaction() as tx:
            taken = await limits.take(tx, self.limit, keys, now=self.clock.now())
        return {key: one.granted for key, one in taken.items()}

    async def taken(self) -> Taken:
        async with self.database.transaction() as tx:
            return (await limits.take(tx, self.limit, [KEY], now=self.clock.now()))[KEY]

    async def is_spent(self) -> bool:
        async with self.database.connection() as connection:
            return bool(await limits.wait(connection, self.limit, KEY, now=self.clock.now()))

    async def rows(self) -> list[Row]:
        async with self.database.connection() as connection:
            return list(await connection.fetch("SELECT * FROM limits"))


@pytest_asyncio.fixture
async def counter(
    database: databases.Database, clock: FakeClock, service: str, limit: Limit
) -> AsyncIterator[Counter]:
    pool = Database(database.url(service), application="test", size=16, wait=60.0)
    yield Counter(database=pool, clock=clock, limit=limit)
    await pool.close()


def named_in_services() -> list[str]:
    """The purpose of every limit that the services' code makes."""
    return [
        ast.literal_eval(call.args[0])
        for file in SERVICES.rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == Limit.__name__
    ]


def test_every_limit_of_the_services_is_tried_here() -> None:
    """Add the one that is missing to LIMITS, with the numbers it has by default."""
    assert sorted(named_in_services()) == sorted(limit.purpose for _, limit in LIMITS)


@every_limit
async def test_exactly_the_allowed_number_of_64_at_once(counter: Counter) -> None:
    taken = await asyncio.gather(*(counter.taken() for _ in range(RACERS)))

    granted = sorted((one.granted for one in taken), reverse=True)
    assert granted == [1] * counter.at_once + [0] * (RACERS - counter.at_once)


@every_limit
async def test_64_asked_for_at_once_in_one_statement_are_as_many(counter: Counter) -> None:
    first = await counter.take(*[KEY] * RACERS)
    again = await counter.take(*[KEY] * RACERS)

    assert (first[KEY], again[KEY]) == (counter.at_once, 0)


@every_limit
async def test_64_with_many_keys_in_any_order_wait_for_each_other_and_never_deadlock(
    counter: Counter,
) -> None:
    keys = [bytes([number]) for number in range(20)]
    orders: Sequence[Sequence[bytes]] = [
        keys[turn % 20 :] + keys[: turn % 20] if turn % 2 else keys[::-1] for turn in range(RACERS)
    ]

    taken = await asyncio.gather(*(counter.take(*order) for order in orders))

    assert {key: sum(one[key] for one in taken) for key in keys} == dict.fromkeys(
        keys, counter.at_once
    )


@every_limit
async def test_no_window_ever_has_more_and_none_is_refused_that_fits(counter: Counter) -> None:
    """Against a count made by hand, over three times the longest window."""
    counted: list[datetime] = []
    closing, closed_until = counter.limit.closing, counter.clock.now()

    def fits(then: datetime) -> bool:
        return then >= closed_until and all(
            sum(at > then - window for at in counted) < most
            for most, window in counter.limit.windows
        )

    turn, granted, refused, end = 0, 0, 0, counter.clock.now() + 3 * counter.limit.longest
    while (now := counter.clock.now()) < end:
        fitted = fits(now)
        assert await counter.is_spent() is not fitted
        taken = await counter.taken()
        assert taken.granted == fitted
        counted += [now] if fitted else []
        granted += fitted
        if closing is not None and not fits(now) and fitted:
            closed_until = now + closing
            counted.clear()
        if not fitted:
            refused += 1
            assert fits(taken.free_at)
            assert not fits(taken.free_at - TICK)
        turn += 1
        gap = counter.limit.longest.total_seconds() * (turn * 7919 % 97) / 1500
        if not fitted and turn % 2:
            gap = (taken.free_at - now).total_seconds()  # the very moment
        counter.clock.advance(seconds=gap if turn % 3 else 1)

    assert granted > counter.at_once
    assert refused > 5


@every_limit
async def test_what_a_savepoint_takes_back_was_not_taken(counter: Counter) -> None:
    async with counter.database.transaction() as tx:
        with suppress(LookupError):
            async with tx.transaction():
                await limits.take(tx, counter.limit, [KEY] * RACERS, now=counter.clock.now())
                raise LookupError

    assert (await counter.take(*[KEY] * RACERS))[KEY] == counter.at_once


@every_limit
async def test_another_key_and_another_purpose_have_their_own(counter: Counter) -> None:
    other = Limit("another", counter.limit.windows)
    await counter.take(*[KEY] * RACERS)

    async with counter.database.transaction() as tx:
        elsewhere = await limits.take(tx, other, [KEY], now=counter.clock.now())

    assert elsewhere[KEY].granted == 1
    assert await counter.take(b"somebody else") == {b"somebody else": 1}


@every_limit
async def test_a_key_is_forgotten_once_no_window_reaches_it_and_not_before(
    counter: Counter,
) -> None:
    async def sweep() -> int:
        return await swept(counter.database, limits.SWEEP, before=counter.clock.now())

    await counter.take(*(number.to_bytes(2) for number in range(SWEPT + 1)))
    counter.clock.advance(seconds=1)
    await counter.take(*(number.to_bytes(2) for number in range(SWEPT + 1)))

    counter.clock.advance(seconds=counter.limit.longest.total_seconds() - 2)
    early = await sweep()
    counter.clock.advance(seconds=2)
    rounds = [await sweep() for _ in range(2)]

    assert early == 0
    assert rounds == [SWEPT, 1]
    assert await counter.rows() == []


async def test_a_limit_of_none_lets_nothing_happen(
    database: databases.Database, clock: FakeClock
) -> None:
    pool = Database(database.url("identity"), application="test", wait=PATIENCE)
    never = Limit("never", ((0, DAY), (1, HOUR)))

    async with pool.transaction() as tx:
        taken = [await limits.take(tx, never, [KEY], now=clock.now()) for _ in range(2)]
        nothing = await limits.take(tx, never, [], now=clock.now())
    await pool.close()

    assert [one[KEY].granted for one in taken] == [0, 0]
    assert nothing == {}
