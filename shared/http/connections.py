"""Connections: their life, and replies where no verb, and no envelope, is reached yet."""

import asyncio
from http import HTTPStatus
from typing import Any, Self, cast
from uuid import UUID

import msgspec
from aiohttp import web

from shared import logs
from shared.errors import Expected
from shared.http import problems
from shared.http.problems import ExpectationUnknown, InternalError, RequestUnreadable
from shared.randomness import Randomness

log = logs.logger("http")

SERVER = "portico"  # aiohttp would tell its own version and Python's
KEEPALIVE_SECONDS = 75.0  # longer than proxies keep theirs, so that it is they who close first
# Within it a request's head must have come whole, too; the balancer gives it ten seconds.
CORRELATION_HEADER = "Correlation-Id"
CALLERS_HEADER = "Caller-Correlation-Id"  # the one that came, told beside ours


class Connection(web.RequestHandler):
    """One connection, on which no reply is aiohttp's own."""

    __slots__ = ("_randomness",)

    def __init__(self, manager: web.Server, *, randomness: Randomness, **options: Any) -> None:
        super().__init__(manager, **options)
        self._randomness = randomness

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Tell that the bytes are no HTTP, and none of them; what else comes here is our fault."""
        if request.writer.output_size > 0:
            raise ConnectionError  # a reply has begun: all that is left is to close
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("request_failed", error=exc)
            return self._problem(InternalError)
        log.info("request_unreadable", reason=type(exc).__name__)
        return self._problem(RequestUnreadable)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """The one way out for every reply. aiohttp looks at Expect before the envelope does."""
        if isinstance(resp, web.HTTPExpectationFailed):
            resp = self._problem(ExpectationUnknown)
        resp.headers["Server"] = SERVER
        return await super().finish_response(request, resp, start_time)

    def _problem(self, told: type[Expected]) -> web.Response:
        correlation_id = self._randomness.uuid()
        document = problems.document(told, (), correlation_id, oauth=False)
        response = web.Response(
            status=told.status,
            body=msgspec.json.encode(document),
            content_type=problems.CONTENT_TYPE,
        )
        stamp(response, correlation_id)
        response.force_close()
        return response


class Connections(web.Server):
    """Makes a Connection of each accepted socket; requests go where another server's would."""

    def __init__(self, other: web.Server, *, randomness: Randomness) -> None:
        super().__init__(other.request_handler, request_factory=other.request_factory)
        self._randomness = randomness

    def __call__(self) -> web.RequestHandler:
        return Connection(
            self,
            randomness=self._randomness,
            loop=asyncio.get_running_loop(),
            access_log=None,  # it would log paths and addresses; the edge logs each request itself
            auto_decompress=False,
            keepalive_timeout=KEEPALIVE_SECONDS,
        )


class Runner(web.ServerRunner):
    """Runs an application on such connections."""

    @classmethod
    async def of(
        cls, application: web.Application, *, randomness: Randomness, shutdown_timeout: float = 1.0
    ) -> Self:
        """Make one, of an application that has nothing to start or to clean up."""
        its_own = web.AppRunner(application)  # the public way to how it handles a request
        await its_own.setup()
        server = Connections(cast(web.Server, its_own.server), randomness=randomness)
        return cls(server, shutdown_timeout=shutdown_timeout)

    async def closed_by_clients(self, seconds: float) -> None:
        """Accept nothing new; wait until each connection got a reply that ends it, or so long."""
        for site in self.sites:
            await site.stop()
        ends = asyncio.get_running_loop().time() + seconds
        while self.server and self.server.connections:
            if asyncio.get_running_loop().time() >= ends:
                return
            await asyncio.sleep(0.02)


def stamp(response: web.StreamResponse, correlation_id: UUID) -> None:
    """Set what every reply of ours carries."""
    response.headers[CORRELATION_HEADER] = str(correlation_id)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Content-Type-Options"] = "nosniff"
