"""A portal before services that answer what a test says."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer

from deploy.gateway.app import compose
from deploy.gateway.settings import Settings
from shared.settings.loader import load
from tests.support.browser import Browser
from tests.support.clock import FakeClock
from tests.unit.gateway.settings import HOST, environment


@asynccontextmanager
async def portal_before(
    answer: Callable[[web.Request], Awaitable[web.Response]],
) -> AsyncIterator[Browser]:
    """A browser at it; identity and recovery are one."""
    services = web.Application()
    services.router.add_route("*", "/{path:.*}", answer)
    behind = TestServer(services)
    await behind.start_server()
    url = str(behind.make_url("")).rstrip("/")
    gateway = compose(load(Settings, environment(IDENTITY_URL=url, RECOVERY_URL=url)), FakeClock())
    server = TestServer(gateway.portal)
    await server.start_server()
    async with Browser([str(server.make_url("")).rstrip("/")], HOST, "192.0.2.1") as browser:
        yield browser
    await server.close()
    await gateway.close()
    await behind.close()


def problem(status: int, code: str) -> web.Response:
    """A refusal, as services tell it."""
    return web.json_response({"code": code}, status=status)
