"""Portal and desk before services that answer what a test says."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer

from deploy.gateway.app import Gateway, compose
from deploy.gateway.settings import Settings
from shared.settings.loader import load
from tests.support.browser import Browser
from tests.support.clock import FakeClock
from tests.unit.gateway.settings import HOST, environment

DESK_HOST = "localhost:8109"


Answer = Callable[[web.Request], Awaitable[web.Response]]


@asynccontextmanager
async def portal_before(answer: Answer) -> AsyncIterator[Browser]:
    """A browser at it; identity, recovery and notify are one."""
    async with gateway_before(answer) as gateway, browser_at(gateway.portal, HOST) as browser:
        yield browser


@asynccontextmanager
async def desk_before(answer: Answer) -> AsyncIterator[Browser]:
    """The same at the desk."""
    async with gateway_before(answer, DESK_PORT="8109") as gateway:
        assert gateway.desk is not None
        async with browser_at(gateway.desk, DESK_HOST) as browser:
            yield browser


@asynccontextmanager
async def gateway_before(answer: Answer, **changed: str) -> AsyncIterator[Gateway]:
    services = web.Application()
    services.router.add_route("*", "/{path:.*}", answer)
    behind = TestServer(services)
    await behind.start_server()
    url = str(behind.make_url("")).rstrip("/")
    settings = environment(IDENTITY_URL=url, RECOVERY_URL=url, NOTIFY_URL=url, **changed)
    gateway = compose(load(Settings, settings), FakeClock())
    yield gateway
    await gateway.close()
    await behind.close()


@asynccontextmanager
async def browser_at(application: web.Application, host: str) -> AsyncIterator[Browser]:
    server = TestServer(application)
    await server.start_server()
    async with Browser([str(server.make_url("")).rstrip("/")], host, "192.0.2.1") as browser:
        yield browser
    await server.close()


def problem(status: int, code: str) -> web.Response:
    """A refusal, as services tell it."""
    return web.json_response({"code": code}, status=status)


async def lost(request: web.Request) -> web.Response:
    """What it did is done, and nobody hears of it."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()


def account(*means: str) -> web.Response:
    """Of somebody who has a passkey; two-step is on where it has means."""
    two_step = {
        "on": bool(means),
        "mode": "every-log-on" if means else None,
        "means": means,
        "recovery_codes_left": 10 if means else 0,
    }
    return web.json_response(
        {
            "username": "juniper",
            "email": None,
            "claimed_email": None,
            "practices": [],
            "two_step": two_step,
            "passkeys": {"offered": True, "made": 1, "suspended": 0},
            "questions_set": False,
            "recovery_routes": [],
            "to_set_up": [],
            "terms_version": None,
            "locale": "en-US",
            "time_zone": "UTC",
        }
    )
