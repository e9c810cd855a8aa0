"""The broker over TLS, with a certificate of a private CA: a proxy speaks TLS before it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import pytest
from yarl import URL

from shared.errors import BrokerUnavailable
from shared.messaging.broker import Broker
from shared.messaging.management import Management
from tests.support import broker as brokers
from tests.support.certificates import authority, certificate_of, served_with, written


@dataclass(frozen=True, slots=True, kw_only=True)
class Certified:
    """A server's TLS, and a client's that trusts who certified it."""

    server: ssl.SSLContext
    client: ssl.SSLContext


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    folder, ca = tmp_path_factory.mktemp("tls"), authority()
    return Certified(
        server=served_with(certificate_of(ca), folder),
        client=ssl.create_default_context(cafile=written(ca, folder)),
    )


@asynccontextmanager
async def terminating(url: str, certificates: Certified) -> AsyncIterator[URL]:
    """Hold a listener that takes TLS and passes on what is in it; yield the URL through it."""
    plain = URL(url)
    pipes: set[asyncio.Task[None]] = set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(65536):
                writer.write(chunk)
                await writer.drain()
        writer.close()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(plain.host, plain.port)
        for pair in ((reader, far_writer), (far_reader, writer)):
            pipes.add(asyncio.create_task(carry(*pair)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=certificates.server)
    port = server.sockets[0].getsockname()[1]
    try:
        yield plain.with_scheme(f"{plain.scheme}s").with_host("127.0.0.1").with_port(port)
    finally:
        server.close()
        for pipe in pipes:
            pipe.cancel()
        await asyncio.gather(*pipes, return_exceptions=True)


@pytest.mark.parametrize("trusted", [True, False])
async def test_amqp_trusts_the_given_authority_and_no_unknown_one(
    broker: brokers.Broker, certificates: Certified, trusted: bool
) -> None:
    async with terminating(broker.url("identity"), certificates) as url:
        line = Broker(str(url), name="tls", tls=certificates.client if trusted else None)
        publisher = line.publisher()
        try:
            if trusted:
                await line.ping()
                await publisher.ready()
                assert line.connected
            else:
                with pytest.raises(BrokerUnavailable):
                    await line.ping()
        finally:
            await line.close()


@pytest.mark.parametrize("trusted", [True, False])
async def test_the_management_api_trusts_the_given_authority_and_no_unknown_one(
    broker: brokers.Broker, certificates: Certified, trusted: bool
) -> None:
    async with terminating(broker.management_url, certificates) as url:
        tls = certificates.client if trusted else None
        async with Management(str(url), tls=tls) as management:
            if trusted:
                assert await management.get("/api/overview")
            else:
                with pytest.raises(BrokerUnavailable):
                    await management.get("/api/overview")


async def test_a_certificate_of_another_host_is_not_believed(
    broker: brokers.Broker, certificates: Certified
) -> None:
    async with terminating(broker.url("identity"), certificates) as url:
        line = Broker(str(url.with_host("localhost")), name="tls", tls=certificates.client)
        try:
            with pytest.raises(BrokerUnavailable):
                await line.ping()
        finally:
            await line.close()
