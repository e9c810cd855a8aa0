"""The edge: what happens to every request before and after its verb.

One piece: the order of its steps is what keeps a secret from being guessed for nothing.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec
from aiohttp import web

from shared.acts import Acts
from shared.audit.entries import Origin
from shared.clock import Clock
from shared.contracts.ids import PracticeId
from shared.errors import Expected, Refused, Violation
from shared.http import parsing
from shared.http.callers import ClientChecker, TokenChecker, actor_of, identify
from shared.http.client_budgets import ClientBudgets, Standing
from shared.http.guards import Counted
from shared.http.problems import (
    BodyTooLarge,
    BodyTooSlow,
    ClientBudget,
    HeaderRepeated,
    IdempotencyKeyInvalid,
    InvalidClient,
    MalformedBody,
    Overdue,
)
from shared.http.routes import Body, Call, NoReply, Reply, Route, StaffBody
from shared.http.source_budget import CLIENT, SourceBudget
from shared.http.sources import Sources
from shared.idempotency import SHAPE, IdempotencyKey
from shared.trust.access import Anonymous, Caller, ClientCaller
from shared.trust.tokens import Digests

F = TypeVar("F")

TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
IDEMPOTENCY_HEADER = "Idempotency-Key"
SINGLE = ("Authorization", "Content-Type", "Content-Encoding")
KEY_PURPOSE, DIGEST_PURPOSE = "idempotency-key", "idempotency-body"
"""A key that nobody guesses is kept as a digest, and stands in its body's: a body has answers and
passwords, which a quick digest of them alone would give away with the digest key (RC-8)."""

CORRELATION = web.RequestKey("correlation", UUID)
ROUTE: web.RequestKey[Route[Any]] = web.RequestKey("route", Route)
STANDINGS: web.RequestKey[Sequence[Standing]] = web.RequestKey("standings", Sequence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge(Generic[F]):
    """Answers one verb: source, guard, budgets, body, key, time limit, handler, reply."""

    features: F
    tokens: TokenChecker
    clients: ClientChecker | None
    acts: Acts
    budget: SourceBudget
    client_budgets: ClientBudgets
    sources: Sources
    digests: Digests
    clock: Clock
    body_limit: int
    request_seconds: float

    def handler(self, route: Route[F]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Make aiohttp's handler of a route."""

        async def handle(request: web.Request) -> web.StreamResponse:
            request[ROUTE] = route
            require_single(request)
            source = self.sources.key(
                request.remote, request.headers.getall(self.sources.header, [])
            )
            caller = await self._admit(route, request, source)
            reply = await self._budgeted(route, request, caller, source)
            return reply_of(route, reply)

        return handle

    async def _admit(self, route: Route[F], request: web.Request, source: str) -> Caller:
        """Let in who may call; a refusal at the guard leaves a row (AU-1).

        It counts on no source, or a page whose token has run out would be told to wait, not to
        refresh. Wrong Basic credentials do, and on their client.
        """
        caller: Caller = Anonymous()
        try:
            caller = await identify(
                route.guard,
                request.headers.get("Authorization"),
                self.tokens,
                self.clients,
                now=self.clock.now(),
            )
            return route.guard.admit(caller)
        except Refused as refusal:
            origin = origin_of(request, caller, source)
            practice = practice_named(caller)
            await self.acts.refused(
                origin, route.name, refusal, client=tried(refusal), practice=practice
            )
            if isinstance(refusal, InvalidClient):
                await self._count(source, refusal)
            raise

    async def _budgeted(
        self, route: Route[F], request: web.Request, caller: Caller, source: str
    ) -> Reply:
        """LG-4: what the client is told counts on its source, and decides whether it is told.

        A verb that always answers alike is counted before its work, so the limit bounds the work
        as well. What was done is told, whatever became of the budget meanwhile: a verb at which a
        secret can be guessed looks again before it commits. Failures (503, 500) tell nothing about
        any account and are not counted.
        """
        match route.guard.counted:
            case Counted.NOTHING:
                return await self._answer(route, request, caller, source)
            case Counted.EVERY_REQUEST:
                await self.budget.count(source)
                return await self._answer(route, request, caller, source)
            case Counted.REFUSALS:
                await self.budget.check(source)
        try:
            return await self._answer(route, request, caller, source)
        except Refused as refusal:
            if refusal.counts:
                await self._count(source, refusal)
            raise

    async def _count(self, source: str, refusal: Refused) -> None:
        """Where a client's secret was tried, it counts as well: from however many addresses."""
        await self.budget.count(source)
        if isinstance(refusal, InvalidClient) and refusal.client is not None:
            await self.budget.count(f"{CLIENT}{refusal.client}")

    async def _answer(
        self, route: Route[F], request: web.Request, caller: Caller, source: str
    ) -> Reply:
        slots = parsing.read_path(request.match_info, route.names)
        query = parsing.read_query(route.query, list(request.query.items()))
        body = parsing.read_body(
            route.body,
            route.form,
            await self._raw(route, request),
            content_type=request.headers.get("Content-Type"),
            coding=request.headers.get("Content-Encoding"),
            most_values=route.limits.body_values,
        )
        call: Call[Body, Caller] = Call(
            body=body,
            caller=caller,
            query=query,
            origin=by_staff(origin_of(request, caller, source), caller, body),
            now=self.clock.now(),
            idempotency=self._idempotency(route, request, caller, body),
            authorization=request.headers.get("Authorization"),
            signature=request.headers.get(route.signed_in) if route.signed_in else None,
        )
        await self._spend(route, request, call)
        try:
            reply = await self._in_time(route, call, slots)
        except Expected:
            await self._give_back(route, request, call, shows=0)
            raise
        await self._give_back(route, request, call, shows=reply.shows)
        return reply

    async def _spend(self, route: Route[F], request: web.Request, call: Call[Body, Caller]) -> None:
        """Count the call on its client's budgets, and let every reply from here on tell of them.

        Where it does not fit into one it counts on none. Raises ClientBudget, which leaves a row:
        nothing was done.
        """
        client, asked = client_named(call.caller), {}
        for budget in route.counts_on:
            takes = route.reply.shows_most if budget.shown else call.body.counts_as(budget.name)
            if takes:
                asked[budget.name] = takes
        if not asked:
            return
        spent = await self.client_budgets.spend(client, asked)
        request[STANDINGS] = spent.standings
        if spent.wait is not None:
            refusal = ClientBudget(retry_after=spent.wait)
            practice = practice_named(call.caller)
            await self.acts.refused(call.origin, route.name, refusal, practice=practice)
            raise refusal

    async def _give_back(
        self, route: Route[F], request: web.Request, call: Call[Body, Caller], *, shows: int
    ) -> None:
        """Let a look count for what it shows; one that shows nothing has told that as well.

        So has a refusal; and who is told that something is away asks again. Else each would count
        for a page that nobody saw, and a few of them would use up the hour.
        """
        over = route.reply.shows_most - max(1, shows)
        looks = {budget.name for budget in route.counts_on if budget.shown}
        if over and looks:
            client = client_named(call.caller)
            request[STANDINGS] = [
                await self.client_budgets.give_back(client, one, over)
                if one.budget in looks
                else one
                for one in request[STANDINGS]
            ]

    async def _raw(self, route: Route[F], request: web.Request) -> bytes:
        most = route.limits.body_bytes or self.body_limit
        if (request.content_length or 0) > most:
            raise BodyTooLarge
        try:
            if request.content.is_eof():  # it has come whole, as a small one does
                return await read_at_most(most, request)
            async with asyncio.timeout(self._seconds(route)):
                return await read_at_most(most, request)
        except TimeoutError:
            raise BodyTooSlow from None
        except (web.RequestPayloadError, ConnectionError):
            raise MalformedBody from None

    async def _in_time(
        self, route: Route[F], call: Call[Body, Caller], slots: Mapping[str, UUID | StrEnum]
    ) -> Reply:
        """Past the limit the verb is cancelled, its transaction with it; the caller may retry."""
        limit = asyncio.timeout(self._seconds(route))
        try:
            async with limit:
                return await route.handler(self.features, call, **slots)
        except TimeoutError:
            if limit.expired():
                raise Overdue from None
            raise

    def _seconds(self, route: Route[F]) -> float:
        return route.limits.seconds or self.request_seconds

    def _idempotency(
        self, route: Route[F], request: web.Request, caller: Caller, body: Body
    ) -> IdempotencyKey | None:
        keys = request.headers.getall(IDEMPOTENCY_HEADER, [])
        if not route.idempotent or not keys:
            return None
        key = keys[0].strip()
        if len(key) >= 2 and key[0] == key[-1] == '"':  # a structured field's string
            key = key[1:-1]
        if len(keys) > 1 or not SHAPE.fullmatch(key):
            raise IdempotencyKeyInvalid
        path = sorted(request.match_info.items())
        asked = msgspec.json.encode([key, path, body], order="deterministic").decode()
        return IdempotencyKey(
            caller=actor_of(caller),
            verb=route.name,
            key=self.digests.of(KEY_PURPOSE, key).hex(),
            body_digest=self.digests.of(DIGEST_PURPOSE, asked),
        )


async def read_at_most(most: int, request: web.Request) -> bytes:
    """Read a body whose length nobody told, as one in chunks. Raises BodyTooLarge."""
    body = bytearray()
    while chunk := await request.content.readany():
        body += chunk
        if len(body) > most:
            raise BodyTooLarge
    return bytes(body)


def require_single(request: web.Request) -> None:
    """Refuse what a proxy and we might read differently. Raises HeaderRepeated."""
    repeated = [name for name in SINGLE if len(request.headers.getall(name, ())) > 1]
    if repeated:
        raise HeaderRepeated(
            *(
                Violation(field=name, code="header_repeated", detail="this header stands twice")
                for name in repeated
            )
        )


def origin_of(request: web.Request, caller: Caller, source: str) -> Origin:
    """Say who asks, from where; a traceparent that is none, or not the only one, is left out."""
    traceparents = request.headers.getall("traceparent", ())
    traceparent = traceparents[0] if len(traceparents) == 1 else ""
    return Origin(
        actor=actor_of(caller),
        source=source,
        correlation_id=request[CORRELATION],
        traceparent=traceparent if TRACEPARENT.fullmatch(traceparent) else None,
        client=client_named(caller) or None,
    )


def by_staff(origin: Origin, caller: Caller, body: Body) -> Origin:
    """Put whom the body names in the client's place, beside it, with the reason (ST-1)."""
    if not isinstance(body, StaffBody):
        return origin
    return replace(
        origin,
        actor=f"staff:{body.staff_id}@{practice_named(caller)}",
        staff=body.staff_id,
        reason=body.reason,
    )


def tried(refusal: Refused) -> UUID | None:
    """The client at whose secret somebody tried, for the audit."""
    return refusal.client if isinstance(refusal, InvalidClient) else None


def client_named(caller: Caller) -> str:
    """The client's id; empty where it is none."""
    return caller.client_id if isinstance(caller, ClientCaller) else ""


def practice_named(caller: Caller) -> PracticeId | None:
    """The practice of a client, for the audit."""
    return caller.practice_id if isinstance(caller, ClientCaller) else None


def reply_of(route: Route[Any], reply: Reply) -> web.Response:
    if isinstance(reply, NoReply):
        return web.Response(status=route.status)
    headers = {"Cache-Control": f"public, max-age={route.cached}"} if route.cached else None
    return web.Response(
        status=route.status,
        body=msgspec.json.encode(reply),
        content_type="application/json",
        headers=headers,
    )
