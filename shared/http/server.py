"""A service's web application: its routes behind the edge, health, and its own description."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec
from aiohttp import web

from shared import logs
from shared.errors import Expected, Refused
from shared.http import docs, openapi, problems
from shared.http.client_budgets import told_of
from shared.http.connections import CALLERS_HEADER, CORRELATION_HEADER, stamp
from shared.http.edge import CORRELATION, ROUTE, STANDINGS, Edge
from shared.http.guards import Client
from shared.http.health import Health
from shared.http.parsing import CANONICAL_UUID, canonical_uuid
from shared.http.problems import (
    BodyInvalid,
    InternalError,
    MethodUnknown,
    RouteUnknown,
)
from shared.http.routes import SLOT, Form, Route
from shared.metrics import CONTENT_TYPE, Metrics
from shared.randomness import Randomness

F = TypeVar("F")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = logs.logger("http")

BASIC = 'Basic realm="portico"'
QUIET = ("/health/live", "/openapi.json", "/docs", *docs.FILES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server(Generic[F]):
    """Everything a service answers over HTTP, on one application."""

    service: str
    routes: Sequence[Route[F]]
    edge: Edge[F]
    health: Health
    metrics: Metrics
    randomness: Randomness

    def application(self) -> web.Application:
        @web.middleware
        async def envelope(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._envelope(request, handler)

        application = web.Application(middlewares=[envelope])
        for route in self.routes:
            handler, path = self.edge.handler(route), matched(route.path, route.names)
            application.router.add_route(route.method, path, handler)
            if route.method == "GET":
                application.router.add_route("HEAD", path, handler)
        document = cache(lambda: openapi.document(self.service, self.routes))
        page = docs.page(openapi.title(self.service))
        application.router.add_get("/health/live", live)

        async def machine_readable(_: web.Request) -> web.StreamResponse:
            return fixed(document(), "application/json")

        async def readable(_: web.Request) -> web.StreamResponse:
            return fixed(page, "text/html", csp=docs.POLICY)

        async def loaded(request: web.Request) -> web.StreamResponse:
            file = docs.FILES[request.path]
            return fixed(docs.content(file), file.content_type)

        application.router.add_get("/openapi.json", machine_readable)
        application.router.add_get("/docs", readable)
        for path in docs.FILES:
            application.router.add_get(path, loaded)
        return application

    async def _envelope(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Around every request: its correlation id, its headers, its metrics, its log line.

        The id is always ours: who chose it could make strangers' audit rows and events look like
        parts of another request. The caller's own is logged and told beside it.
        """
        correlation_id = self.randomness.uuid()
        callers = callers_id(request)
        request[CORRELATION] = correlation_id
        started = asyncio.get_running_loop().time()
        with logs.correlated(correlation_id):
            response, code = await self._told(request, handler)
            took = asyncio.get_running_loop().time() - started
            self._measure(request, response.status, code, took, callers)
        stamp(response, correlation_id)
        response.headers.update(told_of(request.get(STANDINGS, ())))
        if callers is not None:
            response.headers[CALLERS_HEADER] = str(callers)
        if self.health.stopping:  # a client must not send its next request to a closing socket
            response.force_close()
        return response

    async def _told(
        self, request: web.Request, handler: Handler
    ) -> tuple[web.StreamResponse, str | None]:
        try:
            return await handler(request), None
        except web.HTTPException as error:
            return self._problem(request, known(error), allow=error.headers.get("Allow"))
        except Exception as error:
            return self._problem(request, error)

    def _problem(
        self, request: web.Request, error: Exception, *, allow: str | None = None
    ) -> tuple[web.StreamResponse, str]:
        told = problems.told_as(error)
        if told is InternalError:
            log.error("request_failed", operation=operation_of(request), error=error)
        route = request.get(ROUTE)
        oauth = is_oauth(route)
        violations = error.violations if isinstance(error, Refused) else ()
        document = problems.document(told, violations, request[CORRELATION], oauth=oauth)
        response = web.Response(
            status=told.status,
            body=msgspec.json.encode(document),
            content_type=problems.OAUTH_CONTENT_TYPE if oauth else problems.CONTENT_TYPE,
        )
        headers = {
            "Allow": allow,
            "Retry-After": problems.retry_after(error),
            "WWW-Authenticate": challenge(told, route),
        }
        response.headers.update({name: value for name, value in headers.items() if value})
        return response, told.code

    def _measure(
        self,
        request: web.Request,
        status: int,
        code: str | None,
        took: float,
        callers: UUID | None,
    ) -> None:
        operation = operation_of(request)
        self.metrics.observe("http_request_seconds", took, operation=operation)
        self.metrics.count("http_requests", operation=operation, status=str(status))
        if code is not None:
            self.metrics.count("http_problems", operation=operation, code=code)
        tell = log.debug if request.path in QUIET else log.info
        tell(
            "request",
            operation=operation,
            status=status,
            code=code,
            duration_ms=round(took * 1000, 1),
            **({"caller_correlation_id": callers} if callers else {}),
        )


def metrics_application(metrics: Metrics, health: Health) -> web.Application:
    """What operators and their programs ask, on a port of its own that is never public."""

    async def scrape(_: web.Request) -> web.StreamResponse:
        return web.Response(body=metrics.render(), headers={"Content-Type": CONTENT_TYPE})

    async def ready(_: web.Request) -> web.StreamResponse:
        found = health.ready()
        return web.Response(
            status=200 if found.ready else 503,
            body=msgspec.json.encode(found),
            content_type="application/json",
        )

    async def status(_: web.Request) -> web.StreamResponse:
        """Always 200: an alarm reads `ok`, and nobody takes it for a readiness probe."""
        return web.Response(
            body=msgspec.json.encode(await health.status()), content_type="application/json"
        )

    application = web.Application()
    application.router.add_get("/metrics", scrape)
    application.router.add_get("/health/live", live)
    application.router.add_get("/health/ready", ready)
    application.router.add_get("/health/status", status)
    return application


async def live(_: web.Request) -> web.StreamResponse:
    return web.Response(body=b'{"live":true}', content_type="application/json")


def matched(path: str, names: Mapping[str, type[StrEnum]]) -> str:
    """Let an id of a path match ids alone, as written by us: so `refresh` is no session's id.

    An id has one spelling: what logs, caches and proxies see of two is the same. So has a name.
    """

    def only(slot: re.Match[str]) -> str:
        allowed = names.get(slot[1])
        pattern = "|".join(map(re.escape, allowed)) if allowed else CANONICAL_UUID
        return f"{{{slot[1]}:{pattern}}}"

    return SLOT.sub(only, path)


def operation_of(request: web.Request) -> str:
    """Name the verb, never the path: paths hold ids."""
    route = request.get(ROUTE)
    if route is not None:
        return str(route.name)
    return request.path if request.path in QUIET else "none"


def callers_id(request: web.Request) -> UUID | None:
    """The id a caller gave its request; what is none, or not the only one, is left out."""
    given = request.headers.getall(CORRELATION_HEADER, ())
    return canonical_uuid(given[0]) if len(given) == 1 else None


def known(error: web.HTTPException) -> Exception:
    """Translate aiohttp's own refusals; the rest is a fault of ours."""
    match error:
        case web.HTTPNotFound():
            return RouteUnknown()
        case web.HTTPMethodNotAllowed():
            return MethodUnknown()
        case _ if 400 <= error.status < 500:
            return BodyInvalid()
        case _:
            return error


def is_oauth(route: Route[Any] | None) -> bool:
    """Whether refusals are told as RFC 6749 5.2 has them."""
    return route is not None and route.form is Form.URLENCODED


def challenge(told: type[Expected], route: Route[Any] | None) -> str | None:
    """RFC 9110: a 401 says which credentials are asked for; RFC 7662 takes a client's in two ways.

    At a public verb of OAuth they are the client's own.
    """
    if told.status != 401:
        return None
    guard = route.guard if route else None
    if isinstance(guard, Client) and guard.basic:
        return f"{BASIC}, Bearer"
    return BASIC if is_oauth(route) else "Bearer"


def fixed(
    content: bytes, content_type: str, *, csp: str = "default-src 'none'"
) -> web.StreamResponse:
    """Answer the same bytes to everybody."""
    return web.Response(
        body=content,
        content_type=content_type,
        charset="utf-8" if content_type.startswith("text/") else None,
        headers={"Content-Security-Policy": csp},
    )
