"""Idempotency keys: how long they live, what they cover, and who of different racers wins.

One effect and one reply is tried at every verb that takes a key: tests/conformance.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from shared.db import Database
from shared.idempotency import (
    SWEEP,
    IdempotencyKey,
    IdempotencyKeyReused,
    IdempotencyKeys,
)
from shared.program.own_loops import swept
from tests.support import database as databases
from tests.support.clock import FakeClock
from tests.support.shop import Stall, Told

KEY = IdempotencyKey(caller="client:a", verb="stock", key="k" * 16, body_digest=b"1" * 32)


@pytest_asyncio.fixture
async def pool(database: databases.Database) -> AsyncIterator[Database]:
    opened = Database(database.url("merge"), application="test", wait=10)
    yield opened
    await opened.close()


@pytest.fixture
def keys(clock: FakeClock) -> IdempotencyKeys:
    return IdempotencyKeys(clock=clock)


async def stock(stall: Stall, word: str, key: str | None) -> Any:
    headers = {"Authorization": "Bearer practice"}
    if key is not None:
        headers["Idempotency-Key"] = key
    response = await stall.client.post("/stock", json={"word": word}, headers=headers)
    return response.status, await response.json()


async def test_a_body_that_says_the_same_in_other_bytes_is_the_same_body(stall: Stall) -> None:
    await stock(stall, "tea", "key-number-1")

    response = await stall.client.post(
        "/stock",
        data=b'{ "word" : "\\u0074ea" }',
        headers={
            "Authorization": "Bearer practice",
            "Content-Type": "application/json",
            "Idempotency-Key": '"key-number-1"',
        },
    )

    assert (await response.json())["number"] == 1


async def test_without_a_key_each_call_has_its_effect(stall: Stall) -> None:
    await stock(stall, "tea", None)
    await stock(stall, "tea", None)

    assert stall.shop.made == 2


@pytest.mark.parametrize("key", ["short", "x" * 129, "two words!", "", "käse-käse"])
async def test_a_key_that_cannot_be_one_is_refused(stall: Stall, key: str) -> None:
    status, problem = await stock(stall, "tea", key)

    assert (status, problem["code"]) == (400, "idempotency_key_invalid")
    assert stall.shop.made == 0


async def test_parallel_racers_with_different_bodies_leave_one_winner(stall: Stall) -> None:
    answers = await asyncio.gather(
        *(stock(stall, f"tea {number}", "key-number-1") for number in range(30))
    )

    assert Counter(status for status, _ in answers) == {200: 1, 422: 29}
    assert stall.shop.made == 1
    async with stall.shop.database.connection() as connection:
        row = await connection.fetchrow("SELECT key, body_digest FROM idempotency_keys")
    assert row is not None
    assert len(row["body_digest"]) == 32  # and no body in clear
    assert "key-number-1" not in row["key"]


@pytest.mark.proves("RC-8", "ID-5")
async def test_a_body_alone_does_not_give_its_digest_also_with_the_digest_key(stall: Stall) -> None:
    """It may have answers, or a password: who has them all hashed would try them quickly."""
    for key in ("key-number-1", "key-number-2"):
        await stock(stall, "tea", key)

    async with stall.shop.database.connection() as connection:
        rows = await connection.fetch("SELECT body_digest FROM idempotency_keys")
    assert len({row["body_digest"] for row in rows}) == 2


async def test_a_twin_of_what_was_rolled_back_does_the_work_itself(
    pool: Database, keys: IdempotencyKeys
) -> None:
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def broken() -> Told:
        inside.set()
        await go_on.wait()
        raise ValueError

    failing = asyncio.create_task(once(pool, keys, KEY, broken))
    await inside.wait()
    waiting = asyncio.create_task(once(pool, keys, KEY))
    go_on.set()

    with pytest.raises(ValueError):
        await failing
    assert await waiting == Told(word="done")


@pytest.mark.parametrize(
    "other",
    [
        replace(KEY, caller="client:b", body_digest=b"2" * 32),
        replace(KEY, verb="other", body_digest=b"2" * 32),
    ],
)
async def test_a_key_is_the_callers_own_and_the_verbs_own(
    pool: Database, keys: IdempotencyKeys, other: IdempotencyKey
) -> None:
    await once(pool, keys, KEY)

    assert await once(pool, keys, other) == Told(word="done")


async def test_a_key_lives_24_hours_to_the_second(
    pool: Database, keys: IdempotencyKeys, clock: FakeClock
) -> None:
    other = replace(KEY, body_digest=b"2" * 32)
    await once(pool, keys, KEY)
    clock.advance(hours=24, seconds=-1)
    with pytest.raises(IdempotencyKeyReused):
        await once(pool, keys, other)

    clock.advance(seconds=1)

    assert await once(pool, keys, other) == Told(word="done")


async def test_what_is_over_is_swept_and_what_lives_stays(
    pool: Database, keys: IdempotencyKeys, clock: FakeClock
) -> None:
    await once(pool, keys, KEY)
    clock.advance(hours=1)
    await once(pool, keys, replace(KEY, key="z" * 8))

    clock.advance(hours=23)
    await swept(pool, SWEEP, before=clock.now())

    async with pool.connection() as connection:
        assert await connection.fetchval("SELECT array_agg(key) FROM idempotency_keys") == ["z" * 8]


async def told() -> Told:
    return Told(word="done")


async def once(
    pool: Database,
    keys: IdempotencyKeys,
    key: IdempotencyKey,
    work: Callable[[], Awaitable[Told]] = told,
    *,
    secret: bool = False,
) -> Told:
    """The two lines of a verb, in its transaction."""
    async with pool.transaction() as tx:
        if kept := await keys.claim(tx, key, Told):
            return kept
        done = await work()
        if not secret:
            await keys.keep(tx, key, done)
    return done
