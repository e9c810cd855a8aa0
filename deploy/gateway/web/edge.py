"""The edge: what happens to every request before and after its page."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic
from uuid import UUID

from aiohttp import web

from deploy.gateway.web import headers
from deploy.gateway.web.cookies import Jar, Sealer
from deploy.gateway.web.forms import NoForm, S
from deploy.gateway.web.languages import N_, Languages
from deploy.gateway.web.refusals import Away, Broken, Refused
from deploy.gateway.web.routes import Route
from deploy.gateway.web.views import StaticFile, Views
from deploy.gateway.web.visits import (
    CODE,
    LANGUAGE,
    VISITOR,
    VISITOR_SECONDS,
    Elsewhere,
    PageMissing,
    Visit,
    see,
)
from shared import logs
from shared.clock import Clock
from shared.http.sources import Sources
from shared.metrics import Metrics
from shared.randomness import Randomness

log = logs.logger("gateway")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ROUTE: web.RequestKey[str] = web.RequestKey("page", str)
VISITOR_LENGTH = 22  # of 128 bits in base64url
NOWHERE = "0.0.0.0"  # noqa: S104 - a peer without an address, not where we listen
TITLES: Mapping[int, str] = {
    400: N_("We could not read that"),
    404: N_("There is no such page"),
    405: N_("There is no such page"),
    413: N_("That was too much at once"),
    415: N_("We could not read that"),
    421: N_("This is not the portal's address"),
    500: N_("This did not work"),
    503: N_("Not now"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge(Generic[S]):
    """Host, correlation, source, cookies, language; the page; headers, cookies, a log line."""

    site: S
    routes: Sequence[Route[S]]
    views: Views
    statics: Mapping[str, StaticFile]
    languages: Languages
    sealer: Sealer
    sources: Sources
    clock: Clock
    randomness: Randomness
    metrics: Metrics
    host: str
    url: str
    secure: bool

    def application(self) -> web.Application:
        """Put the routes behind the edge."""

        @web.middleware
        async def envelope(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._envelope(request, handler)

        application = web.Application(middlewares=[envelope])
        for file in self.statics.values():
            application.router.add_get(file.path, self._file(file))
        for route in self.routes:
            application.router.add_route(route.method, route.pattern, self._page(route))
            if route.method == "GET":
                application.router.add_route("HEAD", route.pattern, self._page(route))
        return application

    def _page(self, route: Route[S]) -> Handler:
        shown = any(each.method == "GET" and each.path == route.path for each in self.routes)

        async def handle(request: web.Request) -> web.StreamResponse:
            request[ROUTE] = route.name
            visit = self._visit(request)
            try:
                response = await route.handle(self.site, visit)
            except Elsewhere as elsewhere:
                response = see(elsewhere.path)
            except PageMissing:
                response = self._error(visit, 404)
            except NoForm as refused:
                response = self._error(visit, refused.status)
            except Refused as refused:
                request[CODE] = refused.code
                missing = refused.status == 404
                response = self._error(
                    visit,
                    404 if missing else 503,
                    again=shown,
                    retry_after=None if missing else refused.retry_after or 5,
                    service_id=refused.correlation_id,
                )
            except Away as away:
                request[CODE] = f"{away.service}_away"
                response = self._error(
                    visit,
                    503,
                    again=shown,
                    retry_after=away.retry_after,
                    service_id=away.correlation_id,
                )
            except Broken as broken:
                log.error("service_broken", operation=route.name, error=broken)
                response = self._error(visit, 500, service_id=broken.correlation_id)
            if visit.newcomer:
                visit.jar.write(VISITOR, visit.visitor, seconds=VISITOR_SECONDS)
            visit.jar.put_on(response)
            return response

        return handle

    def _visit(self, request: web.Request) -> Visit:
        jar = Jar(sent=request.cookies, sealer=self.sealer, secure=self.secure)
        kept = jar.text(VISITOR)
        newcomer = len(kept) != VISITOR_LENGTH or not kept.isascii()
        source = self.sources.address(
            request.remote, request.headers.getall(self.sources.header, [])
        )
        return Visit(
            request=request,
            correlation_id=request[CORRELATION],
            source=str(source or NOWHERE),
            now=self.clock.now(),
            jar=jar,
            language=self.languages.choose(
                jar.text(LANGUAGE), request.headers.get("Accept-Language", "")
            ),
            visitor=self.randomness.token(16) if newcomer else kept,
            newcomer=newcomer,
        )

    def _error(
        self,
        visit: Visit,
        status: int,
        *,
        again: bool = False,
        retry_after: int | None = None,
        service_id: str = "",
    ) -> web.Response:
        """Print a page that says what to do; the id lets support find what happened. `again`: the
        address is a page, to which one comes back.
        """
        response = self.views.page(
            visit,
            "error.html",
            status=status,
            title=visit.say(TITLES.get(status, TITLES[500])),
            code=status,
            again=visit.path if again else "/",
            url=self.url,
            id=service_id or str(visit.correlation_id),
        )
        if retry_after is not None:
            response.headers["Retry-After"] = str(retry_after)
        return response

    def _file(self, file: StaticFile) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            request[ROUTE] = "static"
            response = web.Response(
                body=file.content, content_type=file.content_type, charset="utf-8"
            )
            response.headers.update(headers.of_file(secure=self.secure))
            return response

        return handle

    async def _envelope(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Around every request: its correlation id, its headers, its metrics, its log line."""
        request[CORRELATION] = self.randomness.uuid()
        started = asyncio.get_running_loop().time()
        with logs.correlated(request[CORRELATION]):
            response = await self._told(request, handler)
            took = asyncio.get_running_loop().time() - started
            self._measure(request, response.status, took)
        for name, value in headers.of_page(secure=self.secure).items():
            response.headers.setdefault(name, value)
        response.headers["Correlation-Id"] = str(request[CORRELATION])
        return response

    async def _told(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.headers.get("Host", "").lower() != self.host:
            return self._error(self._visit(request), 421)
        try:
            return await handler(request)
        except web.HTTPException as refused:
            status = refused.status if refused.status in TITLES else 400
            response = self._error(self._visit(request), status)
            if "Allow" in refused.headers:
                response.headers["Allow"] = refused.headers["Allow"]
            return response
        except Exception as error:
            log.error("request_failed", operation=request.get(ROUTE, "none"), error=error)
            return self._error(self._visit(request), 500)

    def _measure(self, request: web.Request, status: int, took: float) -> None:
        """Never a path, a query or a form: they hold ids and what people typed."""
        operation, code = request.get(ROUTE, "none"), request.get(CODE)
        self.metrics.observe("http_request_seconds", took, operation=operation)
        self.metrics.count("http_requests", operation=operation, status=str(status))
        if code is not None:
            self.metrics.count("http_problems", operation=operation, code=code)
        tell = log.debug if operation == "static" else log.info
        tell(
            "request",
            operation=operation,
            status=status,
            code=code,
            duration_ms=round(took * 1000, 1),
        )


CORRELATION: web.RequestKey[UUID] = web.RequestKey("correlation", UUID)
