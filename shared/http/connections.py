"""Connections: time limits and replies where no verb, and no envelope, is reached yet."""

import asyncio
from http import HTTPStatus
from typing import Any
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
CORRELATION_HEADER = "Correlation-Id"
CALLERS_HEADER = "Caller-Correlation-Id"  # the one that came, told beside ours


class Connection(web.RequestHandler):
    """One connection: a request's head must come whole in time, and no reply is aiohttp's own."""

    __slots__ = ("_head_deadline", "_head_seconds", "_randomness")

    def __init__(
        self, manager: web.Server, *, head_seconds: float, randomness: Randomness, **options: Any
    ) -> None:
        super().__init__(manager, **options)
        self._head_seconds = head_seconds
        self._randomness = randomness
        self._head_deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """The first byte of a head starts its deadline; further ones do not move it."""
        begun = self._request_count
        super().data_received(data)
        if self._request_count > begun:
            self._forget_deadline()
        elif self._head_deadline is None and self._between_requests():
            self._await_head()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._forget_deadline()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._head_deadline = self._loop.call_later(self._head_seconds, self._head_overdue)

    def _forget_deadline(self) -> None:
        if self._head_deadline is not None:
            self._head_deadline.cancel()
            self._head_deadline = None

    def _head_overdue(self) -> None:
        self._head_deadline = None
        if self._between_requests():
            self.force_close()

    def _between_requests(self) -> bool:
        return self._waiter is not None and not self._waiter.done()

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
    """Makes a Connection of each accepted socket."""

    def __call__(self) -> web.RequestHandler:
        return Connection(self, loop=self._loop, **self._kwargs)


class Runner(web.AppRunner):
    """Runs an application on such connections."""

    def __init__(
        self,
        application: web.Application,
        *,
        randomness: Randomness,
        head_seconds: float,
        shutdown_timeout: float = 1.0,
    ) -> None:
        super().__init__(
            application,
            access_log=None,  # it would log paths and addresses; the edge logs each request itself
            shutdown_timeout=shutdown_timeout,
            auto_decompress=False,
            keepalive_timeout=KEEPALIVE_SECONDS,
            head_seconds=head_seconds,
            randomness=randomness,
        )

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return Connections(
            made.request_handler, request_factory=made.request_factory, **made._kwargs
        )

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
