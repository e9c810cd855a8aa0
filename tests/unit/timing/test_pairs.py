"""Pairs in either order: whose time is whose."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from shared.randomness import Randomness
from tests.bench.figures import NotMeasured
from tests.bench.load import Job
from tests.timing.pairs import Door, InSession, compare


async def known(count: int) -> Sequence[str]:
    return [f"known-{number}" for number in range(count)]


async def unknown(count: int) -> Sequence[str]:
    return [f"unknown-{number}" for number in range(count)]


@asynccontextmanager
async def a_door(seen: list[str], *, odd_status: int = 202) -> AsyncIterator[Door]:
    """A door that takes longer for who is known."""

    async def answer(request: web.Request) -> web.Response:
        body = await request.text()
        seen.append(body)
        await asyncio.sleep(0.005 if body.startswith("known") else 0)
        return web.Response(status=odd_status if body == "unknown-3" else 202)

    application = web.Application()
    application.router.add_post("/asked", answer)
    async with TestServer(application) as server:
        assert server.port is not None
        yield Door(
            job=Job(port=server.port, path="/asked"),
            accepted=202,
            known=known,
            others={"unknown": unknown},
        )


async def test_each_is_asked_for_once_in_an_order_by_chance_and_timed_as_what_it_is() -> None:
    seen: list[str] = []

    async with a_door(seen) as door:
        took = await compare(door, unknown, pairs=24, randomness=Randomness())

    assert sorted(seen) == sorted([*await known(24), *await unknown(24)])
    firsts = [body.startswith("known") for body in seen[::2]]
    assert {True, False} == set(firsts)
    assert min(took.known) >= 0.005
    assert sorted(took.other)[12] < 0.005


async def test_a_reply_that_is_another_one_tells_more_than_its_time() -> None:
    async with a_door([], odd_status=404) as door:
        with pytest.raises(NotMeasured, match="404"):
            await compare(door, unknown, pairs=5, randomness=Randomness())


async def test_a_class_can_be_held_against_somebody_else_than_who_is_known() -> None:
    seen: list[str] = []

    async def guessed(count: int) -> Sequence[str]:
        return [f"guessed-{number}" for number in range(count)]

    async with a_door(seen) as door:
        await compare(door, unknown, pairs=5, randomness=Randomness(), known=guessed)

    assert sorted(seen) == sorted([*await guessed(5), *await unknown(5)])


async def test_what_is_sent_in_a_session_goes_with_its_own_token_and_from_a_source_of_its_own() -> (
    None
):
    seen: list[tuple[str, str | None, str]] = []

    async def answer(request: web.Request) -> web.Response:
        source = request.headers["X-Forwarded-For"]
        seen.append((await request.text(), request.headers.get("Authorization"), source))
        return web.Response(status=202)

    async def in_session(count: int) -> Sequence[InSession]:
        return [InSession(body=f"in {number}", token=f"t{number}") for number in range(count)]

    application = web.Application()
    application.router.add_post("/asked", answer)
    async with TestServer(application) as server:
        assert server.port is not None
        door = Door(
            job=Job(port=server.port, path="/asked"),
            accepted=202,
            known=in_session,
            others={"unknown": unknown},
        )
        await compare(door, unknown, pairs=5, randomness=Randomness())

    said = {body: bearer for body, bearer, _ in seen}
    assert said == {
        **{f"in {number}": f"Bearer t{number}" for number in range(5)},
        **dict.fromkeys(await unknown(5)),
    }
    assert len({source for *_, source in seen}) == 10
