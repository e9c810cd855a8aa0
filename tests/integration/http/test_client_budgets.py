"""Client budgets (ST-1): exact over three replicas, in every hour, whatever calls come together."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from shared.db import Database
from shared.http.client_budgets import HOUR, MINUTE, ClientBudgets, Spent
from shared.metrics import Metrics
from shared.settings.loader import load
from tests.conformance.verbs import VERBS, program
from tests.rigs.replica import environment
from tests.support import database as databases
from tests.support.clock import FakeClock

pytestmark = pytest.mark.proves("ST-1")

THIEF, BUDGET = "the stolen client", "records"
DEFAULTS = {
    "identity": {"records": 5000, "tokens": 2000, "un-enrolments": 500, "unlocks": 20},
    "merge": {"merge-reviews": 100},
    "notify": {"communications": 100_000},
    "recovery": {"reset-tokens": 100},
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
            most={BUDGET: 100} | dict(by_default()["notify"]),
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
async def test_a_stolen_clients_secret_at_full_speed_does_what_its_budgets_say_and_no_more(
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
