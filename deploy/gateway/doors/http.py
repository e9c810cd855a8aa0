"""How a service is called: one client each, one verb a line, nothing but what its document says."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar
from uuid import UUID

import aiohttp
import msgspec

from deploy.gateway.web.refusals import Away, Broken, FieldRefusal, Refused

R = TypeVar("R", bound=msgspec.Struct)

SLOT = re.compile(r"\{(\w+)\}")
CATCHING_UP = "catching_up"
CATCHES_UP_WITHIN = 2.0  # seconds, for a fact that is on its way
CONNECT_SECONDS = 2.0
CONNECTIONS = 100
UNAVAILABLE = 503
BALANCERS = frozenset({502, UNAVAILABLE, 504})  # what a balancer says where no replica answers it


class Asker(Protocol):
    """On whose behalf a service is asked: where they come from, and which request of ours it is."""

    @property
    def source(self) -> str: ...
    @property
    def correlation_id(self) -> UUID: ...


class Sent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A body: what is not given is not there."""


class Nothing(msgspec.Struct, frozen=True):
    """No body, or no reply."""


class ProblemReply(msgspec.Struct, frozen=True, kw_only=True):
    """A refusal as services tell it (RFC 9457); their English is never shown."""

    code: str
    errors: tuple[FieldRefusal, ...] = ()


@dataclass(frozen=True, slots=True)
class Verb(Generic[R]):
    """One verb of a service, as its document has it."""

    name: str  # its operationId
    method: str
    path: str
    reply: type[R]
    body: type[Sent] | None = None
    keyed: bool = False  # takes an Idempotency-Key
    bearer: bool = False
    form: bool = False  # written as a form, as OAuth's are


@dataclass(slots=True, kw_only=True)
class Door:
    """The way to one service."""

    service: str
    url: str
    seconds: float
    forwarded_header: str
    _client: aiohttp.ClientSession | None = field(default=None, init=False)

    async def call(
        self,
        verb: Verb[R],
        asker: Asker,
        *,
        body: Sent | None = None,
        ids: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        token: str | None = None,
        key: str | None = None,
        within: float | None = None,
    ) -> R:
        """Call a verb. Raises Refused, Away, Broken.

        A service that catches up is asked again for a moment, where that is one effect at most.
        """
        repeatable = verb.method == "GET" or key is not None
        ends = asyncio.get_running_loop().time() + CATCHES_UP_WITHIN
        while True:
            try:
                return await self._once(verb, asker, body, ids or {}, query, token, key, within)
            except Refused as refused:
                if refused.code != CATCHING_UP:
                    raise
                if not repeatable or asyncio.get_running_loop().time() >= ends:
                    raise
                await asyncio.sleep(0.2)

    async def close(self) -> None:
        """Close its connections."""
        if self._client is not None:
            await self._client.close()

    async def _once(
        self,
        verb: Verb[R],
        asker: Asker,
        body: Sent | None,
        ids: Mapping[str, str],
        query: Mapping[str, str] | None,
        token: str | None,
        key: str | None,
        within: float | None,
    ) -> R:
        headers = {
            self.forwarded_header: asker.source,
            "Correlation-Id": str(asker.correlation_id),
        }
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if key is not None:
            headers["Idempotency-Key"] = key
        content: bytes | aiohttp.FormData | None = None
        if body is not None and verb.form:
            content = aiohttp.FormData(pairs_of(body))
        elif body is not None:
            content = msgspec.json.encode(body)
            headers["Content-Type"] = "application/json"
        path = SLOT.sub(lambda slot: ids[slot[1]], verb.path)
        timeout = aiohttp.ClientTimeout(
            total=within or self.seconds, connect=min(CONNECT_SECONDS, within or self.seconds)
        )
        try:
            async with self._http().request(
                verb.method,
                self.url + path,
                params=query,
                data=content,
                headers=headers,
                timeout=timeout,
            ) as response:
                return self._read(verb, response, await response.read())
        except (aiohttp.ClientError, TimeoutError):
            raise Away(self.service) from None

    def _read(self, verb: Verb[R], response: aiohttp.ClientResponse, raw: bytes) -> R:
        id = response.headers.get("Correlation-Id", "")
        if response.status < 300:
            try:
                return verb.reply() if not raw else msgspec.json.decode(raw, type=verb.reply)
            except (msgspec.DecodeError, TypeError):
                raise Broken(
                    self.service, f"{verb.name} as nothing known", correlation_id=id
                ) from None
        wait = response.headers.get("Retry-After", "")
        retry_after = int(wait) if wait.isdecimal() else None
        try:
            problem = msgspec.json.decode(raw, type=ProblemReply)
        except msgspec.DecodeError:
            if response.status in BALANCERS:
                raise Away(self.service, retry_after=retry_after or 5) from None
            raise Broken(self.service, f"{response.status}", correlation_id=id) from None
        if response.status in BALANCERS and problem.code != CATCHING_UP:
            raise Away(self.service, retry_after=retry_after or 5, correlation_id=id)
        if response.status >= 500 and response.status != UNAVAILABLE:
            raise Broken(self.service, problem.code, correlation_id=id)
        raise Refused(
            problem.code,
            status=response.status,
            errors=problem.errors,
            retry_after=retry_after,
            correlation_id=id,
        )

    def _http(self) -> aiohttp.ClientSession:
        """One client a service, made in the loop that uses it; it keeps no cookie of anybody's."""
        if self._client is None:
            self._client = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(),
                connector=aiohttp.TCPConnector(limit=CONNECTIONS),
            )
        return self._client


def pairs_of(body: Sent) -> list[tuple[str, str]]:
    """Write a body's fields for a form: one that is several stands several times."""
    return [
        (name, str(each))
        for name, value in msgspec.structs.asdict(body).items()
        for each in (value if isinstance(value, tuple) else (value,))
    ]


def paragraphs_of(text: str) -> list[str]:
    """Part a text of a service where it leaves a line free, and only there."""
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]


class Source(msgspec.Struct, frozen=True, kw_only=True):
    source: str


async def source_seen_by(door: Door, asker: Asker) -> str:
    """Ask a service from which address it takes us to come (LG-4)."""
    verb = Verb(f"read_source_at_{door.service}", "GET", "/source", Source)
    return (await door.call(verb, asker)).source
