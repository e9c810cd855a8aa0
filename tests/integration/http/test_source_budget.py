"""The source budget (LG-4): exactly fifty refusals in five minutes, then 429 for hit and miss."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from shared.db import Database
from tests.support import database as databases
from tests.support.clock import FakeClock
from tests.support.shop import Stall, open_stall

ANN = "198.51.100.9"
pytestmark = pytest.mark.proves("LG-4")


@pytest_asyncio.fixture
async def stalls(database: databases.Database, clock: FakeClock) -> AsyncIterator[list[Stall]]:
    """Two replicas on one database."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                open_stall(
                    database=Database(database.url("merge"), application="shop", wait=10),
                    clock=clock,
                    request_seconds=30,
                )
            )
            for _ in range(2)
        ]


@pytest_asyncio.fixture
async def stall(stalls: list[Stall]) -> Stall:
    return stalls[0]


async def guess(
    stall: Stall, word: str = "wrong", source: str = ANN, path: str = "/guesses"
) -> Any:
    response = await stall.client.post(
        path,
        json={"word": word},
        headers={"X-Forwarded-For": source, "Authorization": "Bearer person"},
    )
    return response.status, response.headers.get("Retry-After"), await response.json()


def statuses(answers: Iterable[Any]) -> Counter[int]:
    return Counter(status for status, _, _ in answers)


async def spend(stall: Stall, count: int, source: str = ANN) -> None:
    for _ in range(count):
        assert (await guess(stall, source=source))[0] == 401


@pytest.mark.parametrize(
    ("path", "status"), [("/guesses", 401), ("/questions", 202), ("/secrets", 401)]
)
async def test_exactly_fifty_of_two_hundred_parallel_answers_over_two_replicas_are_told(
    stalls: list[Stall], path: str, status: int
) -> None:
    answers = await asyncio.gather(*(guess(stalls[n % 2], path=path) for n in range(200)))

    assert statuses(answers) == {status: 50, 429: 150}
    if path == "/questions":  # where all are answered alike, the work is bounded as well
        assert sum(len(stall.shop.calls) for stall in stalls) == 50


async def test_a_hit_that_ends_when_the_budget_is_used_up_is_not_told(stall: Stall) -> None:
    stall.shop.slow = stall.shop.right = "sesame"
    hit = asyncio.create_task(guess(stall, "sesame"))
    await stall.shop.entered.wait()

    await spend(stall, 50)
    stall.shop.go_on.set()

    assert (await hit)[0] == 429


async def test_what_was_done_with_a_secret_beyond_guessing_is_told_whatever_the_source_was_told(
    stalls: list[Stall],
) -> None:
    stall = stalls[0]
    stall.shop.slow = stall.shop.right = "sesame"
    done = asyncio.create_task(guess(stall, "sesame", path="/secrets"))
    await stall.shop.entered.wait()
    await spend(stalls[1], 50)
    stall.shop.go_on.set()

    assert ((await done)[0], stall.shop.made) == (201, 1)
    assert (await guess(stall, "sesame", path="/secrets"))[0] == 201
    assert (await guess(stall, path="/secrets"))[:2] == (429, "300")


async def test_a_success_neither_counts_nor_clears(stall: Stall) -> None:
    await spend(stall, 49)
    for _ in range(5):
        assert (await guess(stall, "sesame"))[0] == 201

    await spend(stall, 1)

    assert (await guess(stall, "sesame"))[0] == 429


async def test_the_budget_is_over_all_public_verbs_and_every_kind_of_refusal(
    stall: Stall,
) -> None:
    await spend(stall, 48)
    assert (await guess(stall, "far too long for this field"))[0] == 400
    assert (await guess(stall, path="/questions"))[0] == 202

    assert (await guess(stall))[0] == 429
    assert (await guess(stall, path="/questions"))[0] == 429


async def test_refusals_at_a_session_s_verb_that_counts_them_are_of_the_same_budget(
    stalls: list[Stall],
) -> None:
    within = "/visits/guesses"
    for _ in range(5):
        assert (await guess(stalls[0], "sesame", path=within))[0] == 200

    answers = await asyncio.gather(
        *(
            guess(stalls[number % 2], path=(within, "/guesses")[number // 2 % 2])
            for number in range(60)
        )
    )

    assert statuses(answers) == {401: 50, 429: 10}
    assert (await guess(stalls[0], "sesame", path=within))[0] == 429


async def test_other_verbs_of_a_session_or_a_client_count_nothing(stall: Stall) -> None:
    source = {"X-Forwarded-For": ANN}
    for _ in range(51):
        for method, path in (("DELETE", "/visits"), ("POST", "/stock")):
            assert (await stall.client.request(method, path, headers=source)).status == 401

    assert (await guess(stall))[0] == 401


async def test_the_window_slides_to_the_second(stall: Stall, clock: FakeClock) -> None:
    await spend(stall, 1)
    clock.advance(minutes=1)
    await spend(stall, 49)

    clock.advance(minutes=3, seconds=59)
    assert (await guess(stall))[:2] == (429, "1")

    clock.advance(seconds=1)
    await spend(stall, 1)
    assert (await guess(stall))[:2] == (429, "60")


async def test_a_56_has_four_budgets_and_a_48_sixteen_exactly(stalls: list[Stall]) -> None:
    async def told(networks: Iterable[str], each: int) -> Counter[int]:
        found: Counter[int] = Counter()
        for network in networks:
            source = f"2001:db8:7:{network}::1"
            found += statuses(
                await asyncio.gather(*(guess(stalls[n % 2], source=source) for n in range(each)))
            )
        return found

    assert await told((f"a{n:x}" for n in range(8)), 30) == {401: 200, 429: 40}
    assert (await guess(stalls[0], "sesame", source="2001:db8:7:ff::1"))[:2] == (429, "300")
    others = await told((f"{n:x}00" for n in range(1, 16)), 45)

    assert others == {401: 600, 429: 75}
    assert (await guess(stalls[0], source="2001:db8:7:ff00::1"))[0] == 429
    assert (await guess(stalls[0], source="2001:db8:8:a0::1"))[0] == 401


@pytest.mark.parametrize(
    ("subnets", "wait"),
    [
        ([0] * 50, 300 - 50),  # of the /64: the oldest of the last 50
        ([1] * 200, 300 - 200),  # of the /56, with nothing told to this /64
        ([0] * 60 + [1] * 150, 300 - 200),  # the longest wait of those that are full
        ([256] * 799, None),  # the /48 still has budgets, and this /56 is another
        ([256] * 800, 300 - 800 / 4),
        ([256 * place for place in range(1, 17)] * 50, 300 - 800 / 4),
    ],
)
async def test_a_look_at_a_full_source_brings_one_value_back(
    stall: Stall, clock: FakeClock, subnets: list[int], wait: float | None
) -> None:
    """However many refusals a /48 has: whoever fills it decides when it is looked at."""
    apart = 0.25 if len(subnets) > 700 else 1.0
    told = [clock.now() - timedelta(seconds=apart * n) for n in range(len(subnets), 0, -1)]
    budget, asked = stall.shop.budget, []
    async with stall.shop.database.connection() as connection:
        await connection.execute(
            "INSERT INTO source_budget (source, refusals, subnets, last_at)"
            " VALUES ('2001:db8:7::/48', $1, $2, $3)",
            told,
            subnets,
            told[-1],
        )

        class Narrow:
            async def fetchval(self, query: str, *arguments: object) -> object:
                asked.append(query)
                return await connection.fetchval(query, *arguments)

        found = await budget._wait(Narrow(), "2001:db8:7::/64")  # type: ignore[arg-type]

    assert found == (None if wait is None else pytest.approx(wait))
    assert len(asked) == 1


async def test_a_64_that_goes_on_past_its_budget_takes_nothing_from_its_neighbours(
    stall: Stall,
) -> None:
    for _ in range(6):
        await asyncio.gather(*(guess(stall, source="2001:db8:7:a0::1") for _ in range(50)))

    assert (await guess(stall, source="2001:db8:7:a1::1"))[0] == 401


async def test_another_source_is_not_touched_and_a_64_counts_as_one(stall: Stall) -> None:
    for host in range(50):
        await spend(stall, 1, source=f"2001:db8:0:1::{host:x}")

    assert (await guess(stall, source="2001:db8:0:1:ffff::1"))[0] == 429
    assert (await guess(stall, source="2001:db8:0:2::1"))[0] == 401
    assert (await guess(stall, source=ANN))[0] == 401


async def test_what_is_no_refusal_is_not_counted(stall: Stall) -> None:
    stall.shop.error = ValueError()
    for _ in range(60):
        await stall.client.post("/failures", headers={"X-Forwarded-For": ANN})
        await stall.client.get("/nothing", headers={"X-Forwarded-For": ANN})

    assert (await guess(stall))[0] == 401


async def test_many_sources_together_raise_the_alarm_and_time_ends_it(
    stall: Stall, clock: FakeClock
) -> None:
    for source in range(60):
        await spend(stall, 1, source=f"198.51.100.{source}")

    await stall.budget.once()
    assert stall.metrics.value("source_refusals_recent") == 60
    assert stall.metrics.value("source_alarm") == 1

    clock.advance(minutes=5)
    await stall.budget.once()
    assert stall.metrics.value("source_alarm") == 0


async def test_one_source_with_most_of_many_refusals_is_warned_of(
    stall: Stall, clock: FakeClock
) -> None:
    await spend(stall, 49)
    assert await stall.budget.warning() is None

    await spend(stall, 1)
    for number in range(50):
        await spend(stall, 1, source=f"203.0.113.{number}")
    warning = await stall.budget.warning()
    assert warning is not None
    assert warning.startswith(f"50 of 100 refusals go to {ANN}")

    await spend(stall, 1, source="203.0.113.99")
    assert await stall.budget.warning() is None
    clock.advance(minutes=5)
    assert await stall.budget.warning() is None


async def test_sources_that_are_quiet_for_the_window_are_swept(
    stall: Stall, clock: FakeClock
) -> None:
    await spend(stall, 3)
    clock.advance(minutes=1)
    await spend(stall, 1, source="203.0.113.1")
    clock.advance(minutes=4)

    await stall.budget.sweep()

    async with stall.shop.database.connection() as connection:
        left = await connection.fetchval("SELECT array_agg(source) FROM source_budget")
    assert left == ["203.0.113.1"]


@pytest.mark.parametrize(
    ("raw", "content_type", "status"),
    [
        (b"[" * 900 + b"]" * 900, "application/json", 400),
        (b"{}", "application/json; a*=b''c; a*0=d", 415),
    ],
)
async def test_a_body_made_to_break_the_reader_counts_as_any_refusal(
    stall: Stall, raw: bytes, content_type: str, status: int
) -> None:
    headers = {"Content-Type": content_type, "X-Forwarded-For": ANN}

    told = [
        (await stall.client.post("/guesses", data=raw, headers=headers)).status for _ in range(51)
    ]

    assert Counter(told) == {status: 50, 429: 1}
