"""Client budgets (ST-1): exact over three replicas, in every hour, whatever calls come together."""

import asyncio
import base64
import importlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from shared.db import Database
from shared.http.client_budgets import HOUR, MINUTE, Budget, ClientBudgets, Spent, Standing
from shared.metrics import Metrics
from shared.settings.loader import load
from tests.builders.practices import PracticeDesk
from tests.conformance.stage import Example, Stage, example, send
from tests.conformance.verbs import NAMED, VERBS, Verb, program
from tests.rigs.replica import Answer, environment
from tests.support import database as databases
from tests.support.clock import FakeClock

pytestmark = pytest.mark.proves("ST-1")

THIEF, BUDGET = "the stolen client", "records"
DEFAULTS = {
    "identity": {
        "reads": 10_000,
        "records": 5000,
        "tokens": 2000,
        "un-enrolments": 500,
        "unlocks": 20,
    },
    "merge": {"reads": 10_000, "merge-reviews": 100},
    "notify": {"reads": 100_000, "communications": 100_000},
    "recovery": {"reads": 2000, "reset-tokens": 100},
}


def by_default() -> Mapping[str, Mapping[str, int]]:
    """Each service's budgets as its settings have them, where nobody sets any."""
    found: dict[str, dict[str, int]] = {}
    for verb in VERBS:
        for budget in verb.route.counts_on:
            settings = load(program(verb.service).settings, environment(verb.service))
            found.setdefault(verb.service, {})[budget.name] = budget.most(settings)
    return found


@pytest_asyncio.fixture
async def replicas(
    database: databases.Database, clock: FakeClock
) -> AsyncIterator[Sequence[ClientBudgets]]:
    pools = [Database(database.url("identity"), application="test", wait=30.0) for _ in range(3)]
    yield [
        ClientBudgets(
            database=pool,
            clock=clock,
            metrics=Metrics(),
            most={BUDGET: 100, "communications": 100_000},
        )
        for pool in pools
    ]
    for pool in pools:
        await pool.close()


def test_what_a_client_may_do_in_an_hour_is_what_the_row_says() -> None:
    assert by_default() == DEFAULTS


async def test_of_calls_for_several_what_is_granted_fits_and_what_is_refused_never_did(
    replicas: Sequence[ClientBudgets],
) -> None:
    """Of 64 at once, each all or nothing: none is refused for which there was room."""
    amounts = [1 + turn * 7919 % 9 for turn in range(64)]

    spent = await asyncio.gather(
        *(replicas[turn % 3].spend(THIEF, {BUDGET: amount}) for turn, amount in enumerate(amounts))
    )

    granted = [amount for amount, one in zip(amounts, spent, strict=True) if one.wait is None]
    refused = [amount for amount, one in zip(amounts, spent, strict=True) if one.wait is not None]
    [_, standing] = await replicas[0].standing(THIEF)
    assert standing.used == sum(granted) == 100 - standing.left
    assert sum(granted) < sum(amounts)
    assert min(refused) > standing.left


async def test_no_hour_ever_has_more_and_what_was_spent_comes_back_when_it_is_told(
    replicas: Sequence[ClientBudgets], clock: FakeClock
) -> None:
    budgets, end = replicas[0], clock.now() + timedelta(hours=4)
    counted: list[tuple[datetime, int]] = []
    refused, turn = 0, 0
    while clock.now() < end:
        turn += 1
        amount = 1 + turn * 7919 % 40
        spent = await budgets.spend(THIEF, {BUDGET: amount})
        if spent.wait is not None:
            refused += 1
            clock.advance(seconds=spent.wait - 1)
            assert (await budgets.spend(THIEF, {BUDGET: amount})).wait == 1
            clock.advance(seconds=1)
            assert (await budgets.spend(THIEF, {BUDGET: amount})).wait is None
        counted.append((clock.now(), amount))
        window = [n for at, n in counted if at > clock.now() - timedelta(hours=1)]
        assert sum(window) <= 100
        clock.advance(seconds=turn * 6007 % 700)
    assert refused > 3


async def test_a_clock_that_is_a_minute_behind_grants_no_more(
    replicas: Sequence[ClientBudgets], clock: FakeClock
) -> None:
    await replicas[0].spend(THIEF, {BUDGET: 99})
    clock.advance(seconds=-MINUTE)

    spent = [await replicas[1].spend(THIEF, {BUDGET: 1}) for _ in range(2)]

    assert [one.wait is None for one in spent] == [True, False]


async def test_a_budget_that_was_lowered_meanwhile_has_nothing_left(
    replicas: Sequence[ClientBudgets],
) -> None:
    await replicas[0].spend(THIEF, {BUDGET: 100})
    lowered = ClientBudgets(
        database=replicas[0].database,
        clock=replicas[0].clock,
        metrics=Metrics(),
        most={BUDGET: 50},
    )

    spent = await lowered.spend(THIEF, {BUDGET: 1})

    assert [one.left for one in spent.standings] == [0]
    assert 0 < (spent.wait or 0) <= (HOUR + 1) * MINUTE


async def test_what_fits_into_one_of_two_budgets_alone_counts_on_neither(
    replicas: Sequence[ClientBudgets],
) -> None:
    budgets = replicas[0]
    await budgets.spend(THIEF, {BUDGET: 99})

    spent = await budgets.spend(THIEF, {"communications": 7, BUDGET: 2})

    assert spent.wait is not None
    assert [one.used for one in await budgets.standing(THIEF)] == [0, 99]
    assert (await budgets.spend(THIEF, {"communications": 100_000, BUDGET: 1})).wait is None


async def test_what_is_given_back_in_another_minute_makes_no_hour_longer_than_its_budget(
    replicas: Sequence[ClientBudgets], clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that a minute ends under: what it gave back is not there a second time."""
    budgets = replicas[0]
    await budgets.spend(THIEF, {BUDGET: 99})
    turning = iter([clock.now(), *[clock.now() + timedelta(minutes=1)] * 2])
    with monkeypatch.context() as while_it_turns:
        while_it_turns.setattr(clock, "now", lambda: next(turning))
        spent = await budgets.spend(THIEF, {"communications": 100_000, BUDGET: 2})

    assert [one.left for one in spent.standings] == [100_000, 1]
    clock.advance(minutes=HOUR + 1)
    assert (await budgets.spend(THIEF, {"communications": 100_000})).wait is None
    assert (await budgets.spend(THIEF, {"communications": 1})).wait is not None


@pytest.mark.parametrize(
    ("service", "budget"), [(s, b) for s, each in DEFAULTS.items() for b in each]
)
async def test_of_what_three_replicas_count_at_full_speed_as_much_is_granted_as_the_settings_give(
    database: databases.Database, clock: FakeClock, service: str, budget: str
) -> None:
    """As many calls as come through, each second of ten minutes, and again before the hour ends."""
    most = DEFAULTS[service][budget]
    rows = max(1, most // 2000)  # of a call: a bulk counts as as many
    pools = [Database(database.url(service), application="test", wait=30.0) for _ in range(3)]
    three = [
        ClientBudgets(database=pool, clock=clock, metrics=Metrics(), most={budget: most})
        for pool in pools
    ]

    async def rush(calls: int) -> list[Spent]:
        return await asyncio.gather(
            *(three[n % 3].spend(THIEF, {budget: rows}) for n in range(calls))
        )

    spent = [one for calls in [*[300] * 10, *[1] * 590] for one in await second(rush, calls, clock)]
    clock.advance(minutes=49)
    spent += await rush(9)

    assert rows * sum(one.wait is None for one in spent) == most
    assert {one.standings[0].left for one in spent if one.wait is not None} == {0}
    for pool in pools:
        await pool.close()


async def second(
    rush: Callable[[int], Awaitable[list[Spent]]], calls: int, clock: FakeClock
) -> list[Spent]:
    spent = await rush(calls)
    clock.advance(seconds=1)
    return spent


@pytest.mark.parametrize("service", DEFAULTS)
async def test_a_stolen_secret_at_full_speed_does_what_its_budgets_say_and_no_more(
    database: databases.Database, clock: FakeClock, service: str
) -> None:
    """Ten minutes over HTTP, at three replicas, by every verb that counts, and once more before the
    hour ends. What came through is counted by the replies.
    """
    async with AsyncExitStack() as stack:
        thief = await Thief.arriving(service, database, clock, stack)
        before = await thief.left()

        while await thief.tries(at=(0, 1, 2)):  # as many calls a second as there are verbs, thrice
            clock.advance(seconds=1)
        began = clock.now()
        while clock.now() < began + timedelta(minutes=10):
            clock.advance(minutes=1)
            assert await thief.tries(at=(1,)) == 0
        clock.advance(minutes=45)
        assert await thief.tries(at=(2,)) == 0

        after = await thief.left()
        assert thief.took == {name: before[name] - left for name, left in after.items()}
        assert {name: left for name, left in after.items() if left >= thief.least(name)} == {}


OF_BEFORE = "client_secret_wrong"  # once it was rotated; such a call counts all the same
MOST = {"reads": 150, "merge-reviews": 100, "reset-tokens": 100, "unlocks": 20}
SMALL = 60  # of the others: a call costs what it costs; what the settings give is proven above


@dataclass(slots=True, kw_only=True)
class Thief:
    """Who has one client's secret, and calls whatever it opens."""

    stages: Sequence[Stage]
    calls: Mapping[str, Example]  # by the verb's name
    took: Counter[str] = field(default_factory=Counter)

    @staticmethod
    async def arriving(
        service: str, database: databases.Database, clock: FakeClock, stack: AsyncExitStack
    ) -> "Thief":
        """With a call of each verb that is good at first."""
        module: Any = importlib.import_module(f"tests.conformance.examples.{service}")
        stages = [await stack.enter_async_context(module.opened(database, clock)) for _ in range(3)]
        if service == "identity":
            stages[0] = replace(stages[0], desk=OfMany.like(stages[0].desk))
        calls = {
            verb.name: await example(stages[0], verb)
            for verb in VERBS
            if verb.service == service and verb.route.counts_on and verb.name not in TURNS_THE_CLOCK
        }
        for verb in VERBS:
            if verb.service == service and verb.name in TURNS_THE_CLOCK:
                calls[verb.name] = await example(stages[0], verb)
        thief = Thief(stages=stages, calls=calls)
        for budgets in thief.budgets():
            budgets.most = {
                name: min(most, MOST.get(name, SMALL)) + (await thief.used()).get(name, 0)
                for name, most in budgets.most.items()
            }
        return thief

    def budgets(self) -> Iterator[ClientBudgets]:
        for stage in self.stages:
            found: ClientBudgets = stage.replica.plumbing.client_budgets
            yield found

    async def standings(self) -> Sequence[Standing]:
        token = await self.stages[0].practice()
        payload = token.split(".")[1]
        client = str(json.loads(base64.urlsafe_b64decode(payload + "=="))["client_id"])
        return await next(self.budgets()).standing(client)

    async def used(self) -> Mapping[str, int]:
        """What the calls themselves took to make."""
        return {one.budget: one.used for one in await self.standings()}

    async def left(self) -> Mapping[str, int]:
        return {one.budget: one.left for one in await self.standings()}

    async def tries(self, *, at: Sequence[int]) -> int:
        """Call every verb once at each of these replicas, all at once, by a token of now; return
        how many calls came through.
        """
        token = await self.stages[0].practice()
        sent = [(NAMED[name], call, place) for name, call in self.calls.items() for place in at]
        answers = await asyncio.gather(
            *(send(self.stages[place], verb, call.by(token)) for verb, call, place in sent)
        )
        through = 0
        for (verb, call, _), answer in zip(sent, answers, strict=True):
            assert 200 <= answer.status < 500, (verb.name, answer.body)
            refused = answer.status in (401, 403) and answer.code != OF_BEFORE
            assert not refused, (verb.name, answer.body)
            if answer.code == "client_budget":
                continue
            through += 1
            for budget in verb.route.counts_on:
                took = shown(verb, answer) if budget.shown else asked(verb, call, budget)
                self.took[budget.name] += took
        return through

    def least(self, budget: str) -> int:
        """How much the smallest call takes, which no longer fits."""
        amounts = (
            verb.route.reply.shows_most if one.shown else asked(verb, call, one)
            for verb, call in ((NAMED[name], call) for name, call in self.calls.items())
            for one in verb.route.counts_on
            if one.name == budget
        )
        return min(amount for amount in amounts if amount)


class OfMany(PracticeDesk):
    """A desk each of whose patients has a name of her own."""

    @classmethod
    def like(cls, desk: PracticeDesk) -> "OfMany":
        return cls(**{one.name: getattr(desk, one.name) for one in fields(desk)})

    async def enrolled(self, **typed: Any) -> str:
        return await PracticeDesk.enrolled(
            self, **{"username": self.identity.a_username(), **typed}
        )


TURNS_THE_CLOCK = {"un_enrol_dormant_patients"}  # by a year: its example is the last to be made


def asked(verb: Verb, call: Example, budget: Budget[Any]) -> int:
    return msgspec.convert(call.body, verb.route.body).counts_as(budget.name)


def shown(verb: Verb, answer: Answer) -> int:
    if verb.route.reply.shows_most == 1:
        return 1
    return max(1, *(len(each) for each in answer.body.values() if isinstance(each, list)), 0)
