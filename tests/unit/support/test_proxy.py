"""The proxy that tests cut connections with."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from deploy.client.eventually import eventually
from tests.support.proxy import Proxy, proxied


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(line)
    writer.close()


@pytest_asyncio.fixture
async def proxy() -> AsyncIterator[Proxy]:
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with proxied(f"tcp://127.0.0.1:{port}") as made:
        yield made
    server.close()


async def connect(proxy: Proxy) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", proxy.own_port)


async def said_back(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    writer.write(b"hello\n")
    async with asyncio.timeout(0.2):
        return await reader.readline()


async def is_broken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    try:
        return await said_back(reader, writer) == b""
    except ConnectionError:
        return True
    finally:
        writer.close()


async def test_it_passes_everything_on(proxy: Proxy) -> None:
    reader, writer = await connect(proxy)

    assert await said_back(reader, writer) == b"hello\n"
    writer.close()


async def test_cut_breaks_connections_and_refuses_new_ones_until_restored(proxy: Proxy) -> None:
    reader, writer = await connect(proxy)
    await said_back(reader, writer)

    proxy.cut()

    for ends in ((reader, writer), await connect(proxy)):
        assert await is_broken(*ends)

    proxy.restore()

    async def connected() -> None:
        ends = await connect(proxy)
        assert await said_back(*ends) == b"hello\n"
        ends[1].close()

    await eventually(connected)


async def test_a_black_hole_keeps_what_was_sent_until_restored(proxy: Proxy) -> None:
    reader, writer = await connect(proxy)
    proxy.blackhole()

    with pytest.raises(TimeoutError):
        await said_back(reader, writer)

    proxy.restore()
    assert await reader.readline() == b"hello\n"
    writer.close()
