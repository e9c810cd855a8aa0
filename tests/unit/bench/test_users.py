"""Users who each wait for their mail, then ask again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.bench.figures import NotMeasured
from tests.bench.load import Job
from tests.bench.sink import Sink
from tests.bench.users import Ask, Users

ASKS = [
    Ask(body=f"p{number}@mail.example", mailbox=f"p{number}@mail.example") for number in "12345"
]


@asynccontextmanager
async def asked_of(accept: Callable[[str], int], sink: Sink) -> AsyncIterator[Users]:
    """Users of what answers each request with this status."""

    async def handle(request: web.Request) -> web.Response:
        return web.Response(status=accept(await request.text()))

    application = web.Application()
    application.router.add_post("/asked", handle)
    async with TestServer(application) as server:
        assert server.port is not None
        yield Users(sink=sink, job=Job(port=server.port, path="/asked"))


async def mail(sink: Sink, *lines: str) -> None:
    """Speak to the sink as a sender does."""
    reader, writer = await asyncio.open_connection("127.0.0.1", sink.port)
    for line in ("EHLO us", *lines, "QUIT"):
        writer.write(f"{line}\r\n".encode())
    await reader.read()
    writer.close()


async def test_a_mail_is_known_by_the_mailbox_it_was_sent_to() -> None:
    sink = Sink()
    await sink.open()
    hers, his = sink.expect("her@mail.example"), sink.expect("his@mail.example")

    await mail(sink, "MAIL FROM:<us@x>", "RCPT TO:<her@mail.example>", "DATA", "Hello", ".")

    assert hers.result() == sink.moments[0]
    assert not his.done()
    sink.close()


async def test_each_asks_again_only_once_the_mail_has_come() -> None:
    sink, under_way, most = Sink(), set[str](), 0

    def accept(mailbox: str) -> int:
        nonlocal most
        under_way.add(mailbox)
        most = max(most, len(under_way))
        asyncio.get_running_loop().call_later(0.01, arrive, mailbox)
        return 202

    def arrive(mailbox: str) -> None:
        under_way.remove(mailbox)
        sink.keep(b"", mailbox)

    async with asked_of(accept, sink) as users:
        await users.ask(ASKS, users=2)

    assert most == 2
    assert len(users.took) == len(ASKS)
    assert min(users.took) >= 0.01


async def test_a_request_that_is_refused_is_no_figure() -> None:
    async with asked_of(lambda _: 503, Sink()) as users:
        with pytest.raises(NotMeasured, match="503"):
            await users.ask(ASKS, users=2)
