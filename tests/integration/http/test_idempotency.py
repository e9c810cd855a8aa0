"""Idempotency keys: one effect and one reply, whatever races; a key covers one body."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from shared.db import Connection, Database
from shared.idempotency import (
    AlreadyIssued,
    IdempotencyKey,
    IdempotencyKeyReused,
    IdempotencyKeys,
)
from tests.support import database as databases
from tests.support.clock import FakeClock
from tests.support.shop import Stall, Told, open_stall

KEY = IdempotencyKey(caller="client:a", verb="stock", key="k" * 16, body_digest=b"1" * 32)


@pytest_asyncio.fixture
async def pool(database: databases.Database) -> AsyncIterator[Database]:
    opened = Database(database.url("merge"), application="test", wait=10)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def stall(database: databases.Database, clock: FakeClock) -> AsyncIterator[Stall]:
    pool = Database(database.url("merge"), application="shop", wait=10)
    async with open_stall(database=pool, clock=clock) as opened:
        yield opened


async def stock(stall: Stall, word: str, key: str | None) -> Any:
    headers = {"Authorization": "Bearer practice"}
    if key is not None:
        headers["Idempotency-Key"] = key
    response = await stall.client.post("/stock", json={"word": word}, headers=headers)
    return response.status, await response.json()


async def test_the_same_key_and_body_again_get_the_first_reply(stall: Stall) -> None:
    first = await stock(stall, "tea", "key-number-1")

    again = await stock(stall, "tea", "key-number-1")

    assert first == again == (200, {"word": "tea", "number": 1})
    assert stall.shop.made == 1


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


async def test_the_same_key_with_another_body_is_refused_and_changes_nothing(
    stall: Stall,
) -> None:
    await stock(stall, "tea", "key-number-1")

    status, problem = await stock(stall, "milk", "key-number-1")

    assert (status, problem["code"]) == (422, "idempotency_key_reused")
    assert stall.shop.made == 1


async def test_without_a_key_each_call_has_its_effect(stall: Stall) -> None:
    await stock(stall, "tea", None)
    await stock(stall, "tea", None)

    assert stall.shop.made == 2


@pytest.mark.parametrize("key", ["short", "x" * 129, "two words!", "", "käse-käse"])
async def test_a_key_that_cannot_be_one_is_refused(stall: Stall, key: str) -> None:
    status, problem = await stock(stall, "tea", key)

    assert (status, problem["code"]) == (400, "idempotency_key_invalid")
    assert stall.shop.made == 0


async def test_parallel_twins_have_one_effect_and_one_reply(stall: Stall) -> None:
    answers = await asyncio.gather(*(stock(stall, "tea", "key-number-1") for _ in range(40)))

    assert {status for status, _ in answers} == {200}
    assert {body["number"] for _, body in answers} == {1}
    assert stall.shop.made == 1


async def test_parallel_racers_with_different_bodies_leave_one_winner(stall: Stall) -> None:
    answers = await asyncio.gather(
        *(stock(stall, f"tea {number}", "key-number-1") for number in range(30))
    )

    assert Counter(status for status, _ in answers) == {200: 1, 422: 29}
    assert stall.shop.made == 1


async def test_a_twin_of_what_was_rolled_back_does_the_work_itself(
    pool: Database, clock: FakeClock
) -> None:
    keys = IdempotencyKeys(clock=clock)
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def broken() -> Told:
        inside.set()
        await go_on.wait()
        raise ValueError

    async def first() -> None:
        async with pool.transaction() as tx:
            await once(keys, tx, KEY, Told, broken)

    async def second() -> Told:
        async with pool.transaction() as tx:
            return await once(keys, tx, KEY, Told, told)

    failing = asyncio.create_task(first())
    await inside.wait()
    waiting = asyncio.create_task(second())
    go_on.set()

    with pytest.raises(ValueError):
        await failing
    assert await waiting == Told(word="done")


async def test_a_secret_reply_is_not_kept_and_a_repetition_says_so(
    pool: Database, clock: FakeClock
) -> None:
    keys = IdempotencyKeys(clock=clock)
    async with pool.transaction() as tx:
        assert await once(keys, tx, KEY, Told, told, secret=True) == Told(word="done")

    async with pool.transaction() as tx:
        with pytest.raises(AlreadyIssued):
            await once(keys, tx, KEY, Told, told, secret=True)

    async with pool.connection() as connection:
        assert await connection.fetchval("SELECT reply FROM idempotency_keys") is None


@pytest.mark.parametrize(
    "other",
    [
        IdempotencyKey(caller="client:b", verb="stock", key=KEY.key, body_digest=b"2" * 32),
        IdempotencyKey(caller="client:a", verb="other", key=KEY.key, body_digest=b"2" * 32),
    ],
)
async def test_a_key_is_the_callers_own_and_the_verbs_own(
    pool: Database, clock: FakeClock, other: IdempotencyKey
) -> None:
    keys = IdempotencyKeys(clock=clock)
    async with pool.transaction() as tx:
        await once(keys, tx, KEY, Told, told)

        assert await once(keys, tx, other, Told, told) == Told(word="done")


async def test_a_key_lives_24_hours_to_the_second(pool: Database, clock: FakeClock) -> None:
    keys = IdempotencyKeys(clock=clock)
    other = IdempotencyKey(caller=KEY.caller, verb=KEY.verb, key=KEY.key, body_digest=b"2" * 32)
    async with pool.transaction() as tx:
        await once(keys, tx, KEY, Told, told)
    clock.advance(hours=24, seconds=-1)
    async with pool.transaction() as tx:
        with pytest.raises(IdempotencyKeyReused):
            await once(keys, tx, other, Told, told)

    clock.advance(seconds=1)

    async with pool.transaction() as tx:
        assert await once(keys, tx, other, Told, told) == Told(word="done")


async def test_what_is_over_is_swept_and_what_lives_stays(pool: Database, clock: FakeClock) -> None:
    keys = IdempotencyKeys(clock=clock)
    young = IdempotencyKey(caller="x", verb="y", key="z" * 8, body_digest=b"2" * 32)
    async with pool.transaction() as tx:
        await once(keys, tx, KEY, Told, told)
        clock.advance(hours=1)
        await once(keys, tx, young, Told, told)

    clock.advance(hours=23)
    await keys.sweep(pool)

    async with pool.connection() as connection:
        assert await connection.fetchval("SELECT array_agg(key) FROM idempotency_keys") == ["z" * 8]


async def test_the_table_holds_no_body_in_clear(stall: Stall) -> None:
    await stock(stall, "hunter2", "key-number-1")

    async with stall.shop.database.connection() as connection:
        digest = await connection.fetchval("SELECT body_digest FROM idempotency_keys")
    assert len(digest) == 32


async def told() -> Told:
    return Told(word="done")


async def once(
    keys: IdempotencyKeys,
    tx: Connection,
    key: IdempotencyKey,
    reply: type[Told],
    work: Callable[[], Awaitable[Told]],
    *,
    secret: bool = False,
) -> Told:
    """The two lines of a verb."""
    if kept := await keys.claim(tx, key, reply):
        return kept
    done = await work()
    if not secret:
        await keys.keep(tx, key, done)
    return done
