"""The load generator: what it sends, and that what went wrong is no figure."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.bench.figures import NotMeasured
from tests.bench.load import Answers, Job, Load

Handler = Callable[[web.Request], Coroutine[Any, Any, web.Response]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[int]:
    application = web.Application()
    application.router.add_post("/asked", handler)
    async with TestServer(application) as server:
        assert server.port is not None
        yield server.port


def a_job(port: int, **changes: Any) -> Job:
    return Job(port=port, path="/asked", **changes)


async def test_each_body_is_sent_once_from_a_source_of_its_own() -> None:
    seen: list[tuple[str, str]] = []

    async def note(request: web.Request) -> web.Response:
        seen.append((await request.text(), request.headers["X-Forwarded-For"]))
        return web.Response(text="yes")

    bodies = tuple(str(number) for number in range(40))
    async with serving(note) as port:
        answers = await Load(a_job(port, bodies=bodies, connections=3)).run()

    assert sorted(body for body, _ in seen) == sorted(bodies)
    assert len({source for _, source in seen}) == 40
    answers.must(200)


async def test_at_a_rate_a_slow_answer_delays_no_other_request() -> None:
    waiting: list[asyncio.Event] = []

    async def hold_the_first(request: web.Request) -> web.Response:
        if not waiting:
            waiting.append(asyncio.Event())
            await waiting[0].wait()
        elif await request.text() == "9":
            waiting[0].set()
        return web.Response()

    bodies = tuple(str(number) for number in range(10))
    async with serving(hold_the_first) as port:
        job = a_job(port, bodies=bodies, connections=4, rate=1000.0, seconds=0.01)
        answers = await Load(job).run()

    answers.must(200)
    assert len(answers.ended) == 10


def test_an_answer_that_was_not_expected_is_no_figure() -> None:
    answers = Answers(ended=(1.0, 2.0), took=(0.1, 0.1), status=(200, 503))

    answers.must(200, 503)
    with pytest.raises(NotMeasured, match="503: 1"):
        answers.must(200)
