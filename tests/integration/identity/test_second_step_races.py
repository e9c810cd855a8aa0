"""Codes under contention: one is used up by its statement alone, and a right one among parallel
wrong ones is told by nothing but the row (MF-1, MF-3, MF-4).

At every door the account is held, so that codes come one after the other and the tenth wrong one
locks: of 64 with one good code eleven get as far as the statement. Here all 64 meet at it.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

import pytest
import pytest_asyncio

from deploy.client.eventually import eventually
from services.identity.accounts.store import accounts
from services.identity.two_step.store import recovery_codes, two_steps
from shared.db import Connection, Database
from tests.builders.two_step import WRONG_CODE, TwoStepper, turned_on
from tests.rigs.identity import Identity
from tests.rigs.replica import Answer
from tests.support.database import PATIENCE

RACERS = 64
ROUNDS = 10
TOLD = 10  # wrong ones: the tenth locks
WAITING = 32  # of the fifty sessions that an account has at most: two wrong codes in each

Use = Callable[[Connection], Awaitable[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Where 64 meet at one account's second step, each on a connection of its own."""

    pool: Database
    june: TwoStepper

    async def race(self, uses: Sequence[Use]) -> list[int]:
        """Have 64 do these, dealt out in turn, once all of them wait for the rows that they change.

        Returns which of them won, in the order in which they did: a row is held until its winner
        has been written down.
        """
        won = []

        async def racer(number: int) -> None:
            async with self.pool.transaction() as tx:
                if await uses[number % len(uses)](tx):
                    won.append(number % len(uses))

        async with asyncio.TaskGroup() as racers, self.pool.transaction() as tx:
            await tx.execute(
                "SELECT FROM two_steps JOIN recovery_codes USING (account_id)"
                " WHERE account_id = $1 FOR UPDATE",
                self.june.person.id,
            )
            for number in range(RACERS):
                racers.create_task(racer(number))
            await eventually(self._all_wait, within=PATIENCE)
        return won

    def step(self, step: int) -> Use:
        """Take a step of the app's."""
        now = self.june.identity.clock.now()
        return lambda tx: two_steps.take_step(tx, self.june.person.id, step, now=now)

    def recovery_code(self, code_hash: str) -> Use:
        now = self.june.identity.clock.now()
        return lambda tx: recovery_codes.use(tx, self.june.person.id, code_hash, now=now)

    async def last_step(self) -> int:
        [row] = await self.june.identity.rows("SELECT last_step FROM two_steps")
        return int(row["last_step"])

    async def _all_wait(self) -> None:
        [row] = await self.june.identity.rows(
            "SELECT count(*) AS waiting FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        assert row["waiting"] == RACERS


@pytest_asyncio.fixture
async def course(identity: Identity) -> AsyncIterator[Course]:
    pool = Database(
        identity.database.url("identity"),
        application="test",
        size=RACERS + 1,
        wait=PATIENCE,
        command_timeout=PATIENCE,
    )
    yield Course(pool=pool, june=await turned_on(identity))
    await pool.close()


@pytest.mark.proves("MF-1", "V15.4.2")
async def test_of_64_transactions_that_meet_at_a_step_one_takes_it(course: Course) -> None:
    last = await course.last_step()

    won = [await course.race([course.step(last + 1 + number)]) for number in range(ROUNDS)]

    assert won == [[0]] * ROUNDS
    assert await course.last_step() == last + ROUNDS


@pytest.mark.proves("MF-4", "V15.4.2")
async def test_of_64_transactions_that_meet_at_a_recovery_code_one_uses_it_up(
    course: Course, identity: Identity
) -> None:
    rows = await identity.rows("SELECT hash FROM recovery_codes ORDER BY hash")

    won = [await course.race([course.recovery_code(row["hash"])]) for row in rows]

    assert won == [[0]] * ROUNDS
    assert await identity.rows("SELECT FROM recovery_codes WHERE used_at IS NULL") == []


@pytest.mark.proves("MF-1", "V6.5.1")
async def test_of_a_b_and_a_at_once_each_is_taken_once_and_no_a_after_b(course: Course) -> None:
    last = await course.last_step()
    won, lasts = [], []
    for number in range(ROUNDS):
        a, b = (last + 2 * number + further for further in (1, 2))
        order = ((a, b, a), (b, a, a), (a, a, b))[number % 3]
        places = await course.race([course.step(step) for step in order])
        won.append([order[place] - a for place in places])
        lasts.append(await course.last_step() - b)

    assert {tuple(steps) for steps in won} <= {(0, 1), (1,)}
    assert lasts == [0] * ROUNDS


async def at_once(
    replicas: Sequence[Identity], tokens: Sequence[str], codes: Sequence[str]
) -> list[Answer]:
    """Give these codes over the replicas in turn, in as many sessions as there are."""
    return await asyncio.gather(
        *(
            replicas[number % len(replicas)].call(
                "POST", "/sessions/second-step", {"code": code}, token=tokens[number % len(tokens)]
            )
            for number, code in enumerate(codes)
        )
    )


async def judged(identity: Identity) -> Counter[str]:
    """How each code was judged: only `wrong` and `done` were told."""
    rows = await identity.rows(
        "SELECT coalesce(detail, outcome) AS told FROM audit_entries"
        " WHERE action = 'second-step.take'"
    )
    return Counter(row["told"] for row in rows)


async def codes_left(identity: Identity) -> int:
    return len(await identity.rows("SELECT FROM recovery_codes WHERE used_at IS NULL"))


@pytest.mark.proves("MF-3", "V6.6.3")
@pytest.mark.parametrize("first", [True, False], ids=["ahead of them", "among them"])
async def test_a_right_code_beside_63_wrong_ones_is_told_before_the_lock_or_stays_good(
    identity: Identity, second: Identity, first: bool
) -> None:
    june = await turned_on(identity)
    tokens = [(await june.log_on())["access_token"] for _ in range(WAITING)]
    own = (await june.log_on())["access_token"]  # in which no wrong code is given
    wrong = at_once((identity, second), tokens, [WRONG_CODE] * (RACERS - 1))
    right = june.step(own, june.codes[0])

    async with asyncio.TaskGroup() as givers, identity.plumbing.database.transaction() as tx:
        await accounts.hold(tx, june.person.id)
        if first:
            given = givers.create_task(right)
            await eventually(identity.somebody_waits)
        others = givers.create_task(wrong)
        if not first:
            await eventually(identity.somebody_waits)
            given = givers.create_task(right)
    answer, refused = given.result(), others.result()

    told = answer.status == 201
    assert told or not first
    assert told or answer.alike() == refused[0].alike()
    assert {each.refused() for each in refused} == {(403, "second_step_failed")}
    kept_back = RACERS - TOLD - told
    assert await judged(identity) == Counter(wrong=TOLD, locked=kept_back, done=int(told))
    assert await codes_left(identity) == len(june.codes) - told


@pytest.mark.proves("MF-3", "V6.6.3")
async def test_a_right_code_among_64_at_once_after_the_lock_is_told_as_a_wrong_one_and_stays_good(
    identity: Identity, second: Identity
) -> None:
    june = await turned_on(identity)
    tokens = [(await june.log_on())["access_token"] for _ in range(WAITING)]
    await at_once((identity, second), tokens, [WRONG_CODE] * TOLD)

    codes = [WRONG_CODE] * (RACERS - 1)
    codes.insert(RACERS // 2, june.codes[0])
    answers = await at_once((identity, second), tokens, codes)

    assert answers[0].refused() == (403, "second_step_failed")
    assert all(answer.alike() == answers[0].alike() for answer in answers)
    assert await judged(identity) == {"wrong": TOLD, "locked": RACERS}
    assert await codes_left(identity) == len(june.codes)
    identity.clock.advance(minutes=20)
    again = await june.log_on()
    assert (await june.step(again["access_token"], june.codes[0])).status == 201
