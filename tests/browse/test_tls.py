"""The portal as production serves it: TLS ends before it, and browsers keep its cookies to it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import aiohttp
from aiohttp.test_utils import TestServer
from playwright.async_api import expect

from deploy.gateway.app import compose
from deploy.gateway.settings import Settings
from deploy.local import ports
from deploy.tour.person import Person
from shared.contracts.topology import SERVICES
from shared.settings.loader import load
from tests.browse.conftest import AtPortal, Visit
from tests.browse.desk import Desk
from tests.browse.patient import Patient
from tests.support.certificates import authority, certificate_of, served_with, written
from tests.support.suite import Suite
from tests.unit.gateway.settings import environment

TWO_YEARS = "max-age=63072000"


@asynccontextmanager
async def terminator(port: int, context: ssl.SSLContext, portal: TestServer) -> AsyncIterator[None]:
    """Hold what stands before a portal in production: TLS on this port, the same bytes behind."""

    async def passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            while read := await reader.read(65536):
                writer.write(read)
                await writer.drain()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind = await asyncio.open_connection(portal.host, portal.port)
        ways = (passed_on(reader, behind[1]), passed_on(behind[0], writer))
        await asyncio.gather(*ways, return_exceptions=True)

    async with await asyncio.start_server(pass_on, ports.LOOPBACK, port, ssl=context):
        yield


@asynccontextmanager
async def portal_over_tls(suite: Suite, folder: Path) -> AsyncIterator[tuple[str, ssl.SSLContext]]:
    """Hold a portal with production's settings; yield its address, and who believes it."""
    by = authority()
    (port,) = ports.free_ports(1)
    url = f"https://localhost:{port}"
    urls = {f"{service.upper()}_URL": suite.addresses.services[service][0] for service in SERVICES}
    gateway = compose(load(Settings, environment(ENVIRONMENT="production", PORTAL_URL=url, **urls)))
    server = TestServer(gateway.portal)
    await server.start_server()
    certificate = served_with(certificate_of(by, host="localhost"), folder)
    try:
        async with terminator(port, certificate, server):
            yield url, ssl.create_default_context(cafile=written(by, folder))
    finally:
        await server.close()
        await gateway.close()


async def test_over_tls_a_browser_keeps_each_cookie_to_this_host_and_lets_it_go(
    suite: Suite, desk: Desk, at_portal: AtPortal, visit: Visit, somebody: Person, tmp_path: Path
) -> None:
    async with at_portal(somebody) as ada:
        await ada.enrol(await desk.token_for(somebody))
    async with (
        portal_over_tls(suite, tmp_path) as (url, _),
        visit(url, any_certificate=True) as visitor,
    ):
        ada = Patient(person=somebody, visitor=visitor, portal=url, mailbox=suite.mails)
        await ada.log_on()
        await ada.at("/home")
        await ada.go("/forgot-password")
        await ada.fill(username=somebody.username)
        await ada.press()
        await ada.at("/forgot-password/ways")

        kept = await visitor.context.cookies()
        assert {each["name"] for each in kept} == {
            "__Host-portico-session",
            "__Host-portico-visitor",
            "__Host-portico-device",
            "__Host-portico-flow-reset",
        }
        for each in kept:
            assert each["secure"]
            assert each["httpOnly"]
            assert (each["sameSite"], each["path"], each["domain"]) == ("Lax", "/", "localhost")
        assert await ada.page.evaluate("() => document.cookie") == ""
        await ada.log_off()
        left = {each["name"] for each in await visitor.context.cookies()}
        assert "__Host-portico-session" not in left
        await ada.go("/home")
        await expect(ada.page).to_have_title("Log on – Portico")


async def test_over_tls_every_reply_keeps_browsers_to_it_and_every_cookie_is_prefixed(
    suite: Suite, tmp_path: Path
) -> None:
    async with (
        portal_over_tls(suite, tmp_path) as (url, believing),
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=believing)) as client,
    ):
        for path in ("/", "/log-on", "/help", "/home", "/nowhere", "/static/nowhere.css"):
            async with client.get(url + path, allow_redirects=False) as reply:
                assert reply.headers["Strict-Transport-Security"].startswith(TWO_YEARS), path
                for cookie in reply.headers.getall("Set-Cookie", []):
                    assert cookie.startswith("__Host-portico-")
                    assert "Secure" in cookie
                    assert "Domain" not in cookie
