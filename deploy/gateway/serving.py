"""A serving gateway: its ports, and an end in which no request is cut off."""

import asyncio

import msgspec
from aiohttp import web

from deploy.gateway.app import Gateway
from deploy.gateway.settings import Settings
from shared import logs
from shared.http.connections import Runner
from shared.metrics import CONTENT_TYPE

log = logs.logger("gateway")

DRAIN_SECONDS = 10.0
PARTING_SECONDS = 1.0
BACKLOG = 1024


class CannotListen(Exception):
    """A port of the settings is taken, or not ours to take; the message names it."""


async def serve(gateway: Gateway, settings: Settings, stop: asyncio.Event) -> None:
    """Listen until `stop`; then not ready, what has begun ends, and all is closed. Raises
    CannotListen.
    """
    runners: list[Runner] = []
    try:
        listened: list[tuple[web.Application, int]] = [
            (gateway.portal, settings.http_port),
            (operators(gateway, stop), settings.metrics_port),
        ]
        if gateway.desk is not None and settings.desk_port is not None:
            listened.append((gateway.desk, settings.desk_port))
        for application, port in listened:
            runner = await Runner.of(
                application, randomness=gateway.randomness, shutdown_timeout=DRAIN_SECONDS
            )
            runners.append(runner)
            await runner.setup()
            try:
                await web.TCPSite(runner, settings.http_host, port, backlog=BACKLOG).start()
            except OSError as error:
                where = f"{settings.http_host}:{port}"
                raise CannotListen(f"{where}: {error.strerror}") from error
        log.info(
            "listening",
            host=settings.http_host,
            http_port=runners[0].addresses[0][1],
            metrics_port=runners[1].addresses[0][1],
        )
        await stop.wait()
        await runners[0].closed_by_clients(PARTING_SECONDS)
    finally:
        for runner in runners:
            await runner.cleanup()
        await gateway.close()
    log.info("stopped")


def operators(gateway: Gateway, stop: asyncio.Event) -> web.Application:
    """What operators and balancers ask, on a port of its own that is never public."""

    async def scrape(_: web.Request) -> web.StreamResponse:
        return web.Response(body=gateway.metrics.render(), headers={"Content-Type": CONTENT_TYPE})

    async def live(_: web.Request) -> web.StreamResponse:
        return told({"live": True})

    async def ready(_: web.Request) -> web.StreamResponse:
        """A gateway lacks nothing of its own; a service that is away takes its own pages only."""
        ready = not stop.is_set()
        return told({"ready": ready}, status=200 if ready else 503)

    application = web.Application()
    application.router.add_get("/metrics", scrape)
    application.router.add_get("/health/live", live)
    application.router.add_get("/health/ready", ready)
    return application


def told(state: dict[str, bool], *, status: int = 200) -> web.Response:
    return web.Response(
        status=status, body=msgspec.json.encode(state), content_type="application/json"
    )
