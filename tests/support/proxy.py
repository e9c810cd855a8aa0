"""A TCP proxy in front of a server, which a test can cut, restore, silence or slow down."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from yarl import URL

CHUNK = 65536


@dataclass(slots=True, kw_only=True)
class Proxy:
    """Listens on a port of its own and passes everything on to `host:port`."""

    host: str
    port: int
    latency: float = 0.0  # seconds added to each chunk, each way
    server: asyncio.Server | None = None
    own_port: int = 0
    open: asyncio.Event = field(default_factory=asyncio.Event)  # not set: a black hole
    refusing: bool = False
    pipes: set[asyncio.Task[None]] = field(default_factory=set)
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def url(self, url: str) -> str:
        """Return the same URL through this proxy."""
        return str(URL(url).with_host("127.0.0.1").with_port(self.own_port))

    def cut(self) -> None:
        """Break every connection and refuse new ones, as a server that has died does."""
        self.refusing = True
        for writer in self.writers:
            writer.transport.abort()

    def blackhole(self) -> None:
        """Keep every connection open and pass nothing, as a network that loses packets does."""
        self.open.clear()

    def restore(self) -> None:
        """Accept connections and pass everything on again."""
        self.refusing = False
        self.open.set()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect on and start a pipe each way."""
        if self.refusing:
            writer.transport.abort()
            return
        self.writers.add(writer)
        await self.open.wait()
        try:
            far_reader, far_writer = await asyncio.open_connection(self.host, self.port)
        except OSError:
            writer.transport.abort()
            return
        self.writers.add(far_writer)
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            pipe = asyncio.create_task(self.carry(source, sink))
            self.pipes.add(pipe)
            pipe.add_done_callback(self.pipes.discard)

    async def carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Pass chunks on until one side ends, then end the other."""
        with suppress(OSError):
            while chunk := await source.read(CHUNK):
                await self.open.wait()
                await asyncio.sleep(self.latency)
                sink.write(chunk)
                await sink.drain()
        sink.close()
        self.writers.discard(sink)

    async def close(self) -> None:
        """Stop listening and break what is open."""
        if self.server is not None:
            self.server.close()
        for writer in self.writers:
            writer.transport.abort()
        for pipe in set(self.pipes):
            pipe.cancel()
        await asyncio.gather(*self.pipes, return_exceptions=True)


@asynccontextmanager
async def proxied(url: str) -> AsyncIterator[Proxy]:
    """Hold a proxy in front of the server that a URL names; its own URL is `proxy.url(url)`."""
    address = URL(url)
    if address.host is None or address.port is None:
        raise ValueError("a proxy needs a URL with a host and a port")
    proxy = Proxy(host=address.host, port=address.port)
    proxy.restore()
    proxy.server = await asyncio.start_server(proxy.accept, "127.0.0.1", 0)
    proxy.own_port = proxy.server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        await proxy.close()
