"""One replica of any service: what its environment is, how it is called, what it has written."""

import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from itertools import count
from typing import Any, Generic

import msgspec
from aiohttp.test_utils import TestClient, TestServer
from multidict import CIMultiDictProxy

from deploy.local.texts import ACCOUNT, SENDER, TOKEN
from shared.contracts.contract import Contract
from shared.contracts.envelope import Envelope
from shared.contracts.ids import MergeId
from shared.db import Row
from shared.loops import Loop
from shared.messaging.messages import Delivery
from shared.program.program import F, Plumbing, Program, S
from shared.program.runtime import Assembled, assemble
from shared.settings.loader import load
from shared.trust.own_keys import OwnKeys
from tests.support.clock import FakeClock
from tests.support.trust import ISSUER, KEK

HOOKS_URL = "https://hooks.portico.example"
SOURCES = IPv4Network("198.18.0.0/15")  # for benchmarks (RFC 2544)
NOWHERE = "127.0.0.1:9"  # nothing is connected to: a service starts while everything is away
EVERY: Mapping[str, str] = {
    "ENVIRONMENT": "development",
    "KEY_ENCRYPTION_KEY": base64.b64encode(KEK).decode(),
    "DIGEST_KEY": "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=",
    "ISSUER": ISSUER,
    "REQUEST_SECONDS": "60",
    "POOL_WAIT_SECONDS": "30",  # races are about rows, not about a busy machine
    "TRUSTED_PROXIES": "127.0.0.0/8,::1/128",
}
OWN: Mapping[str, Mapping[str, str]] = {
    "identity": {
        "PEPPER": "a pepper that is long enough for a test",
        "BCRYPT_COST": "4",
        "HASHING_WAIT": "30",
        "PASSKEY_RP_ID": "portal.example",
        "PASSKEY_ORIGINS": "https://portal.example",
    },
    "recovery": {
        "PEPPER": "recovery's pepper is long enough for a test",
        "BCRYPT_COST": "4",
        "HASHING_WAIT": "30",
    },
    "notify": {
        "SMTP_URL": f"smtp://{NOWHERE}",
        "SMTP_CONNECTIONS": "4",
        "SMTP_DOT_SECONDS": "2",
        "MAIL_FROM": "portal@portico.example",
        "MAIL_DOMAIN": "portico.example",
        "TEXTS_URL": f"http://{ACCOUNT}:{TOKEN}@{NOWHERE}",
        "TEXTS_FROM": SENDER,
        "TEXTS_HOOKS_URL": HOOKS_URL,
        "PORTAL_URL": "https://portal.example",
    },
}


def environment(service: str, database_url: str = "", **changed: str) -> dict[str, str]:
    """Return the environment of one replica's process; what is changed goes by its short name."""
    values = {
        "DATABASE_URL": database_url or f"postgresql://{service}:x@{NOWHERE}/portico",
        "BROKER_URL": f"amqp://{service}:x@{NOWHERE}/none",
        **EVERY,
        **OWN.get(service, {}),
        **changed,
    }
    return {f"PORTICO_{name.upper()}": value for name, value in values.items()}


def put_together(
    program: Program[F, S], environ: Mapping[str, str], clock: FakeClock | None
) -> Assembled[F, S]:
    """Assemble a service, with nothing started; without a clock it goes by the real time."""
    return assemble(program, load(program.settings, environ), clock=clock)


ASKED = ("challenge", "addresses")  # of a question that is another for whatever was typed (RC-6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A reply as it came."""

    status: int
    headers: CIMultiDictProxy[str]
    body: Any

    @property
    def code(self) -> str:
        """The stable code of a problem, empty where there is none."""
        return str(self.body.get("code", "")) if isinstance(self.body, dict) else ""

    @property
    def merge_id(self) -> MergeId:
        """Of a merge that was accepted."""
        assert self.status == 202, self.body
        return msgspec.convert(self.body["merge_id"], MergeId)

    def refused(self) -> tuple[int, str]:
        """Status and code, to be compared at once."""
        return self.status, self.code

    def alike(self) -> tuple[object, ...]:
        """The whole reply but what differs between any two: ids, dates, what a budget has left."""
        asked = {"Content-Length"} if "addresses" in self.body else set()
        own = {*asked, "correlation_id", "Correlation-Id", "Date", "RateLimit", *ASKED}
        headers = sorted((k, v) for k, v in self.headers.items() if k not in own)
        body = {k: v for k, v in self.body.items() if k not in own}
        return self.status, tuple(headers), body


@dataclass(slots=True, kw_only=True, repr=False)
class Caller:
    """Calls the verbs of one replica, wherever it runs."""

    client: Any
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        form: Mapping[str, str] | None = None,
        message: bytes | None = None,
        token: str | None = None,
        source: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Call a verb, from a source of the call's own where none is named (LG-4)."""
        sent = {"X-Forwarded-For": source or self.a_source(), **(headers or {})}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        said: Any = form
        if message is not None:
            said = message
            sent.setdefault("Content-Type", "message/rfc822")
        if body is not None:  # as the services write it: no code point takes six bytes
            said = msgspec.json.encode(body)
            sent.setdefault("Content-Type", "application/json")
        async with self.client.request(method, path, data=said, headers=sent) as response:
            json = "json" in response.headers.get("Content-Type", "")
            return Answer(
                status=response.status,
                headers=response.headers,
                body=await response.json(content_type=None) if json else {},
            )

    def a_source(self) -> str:
        """An address nobody has called from, or not for as many calls as the network has."""
        return str(SOURCES[next(self.numbers) % SOURCES.num_addresses])


@dataclass(slots=True, kw_only=True, repr=False)
class Replica(Caller, Generic[F, S]):
    """A service put together; two over the same database and clock are two of its replicas.

    It shows none of what it is made of: asyncio puts a task's result in words for each test.
    """

    service: Assembled[F, S]
    client: "TestClient[Any, Any]"
    clock: FakeClock

    @property
    def plumbing(self) -> Plumbing[S]:
        return self.service.plumbing

    @property
    def features(self) -> F:
        return self.service.composition.features

    @property
    def own_keys(self) -> OwnKeys:
        found = self.service.composition.own_keys
        assert found is not None
        return found

    def loop(self, name: str) -> Loop:
        """One of the service's loops, to be run by hand."""
        return next(loop for loop in self.service.loops if loop.name == name)

    async def take_in(self, queue: str, *deliveries: Delivery) -> None:
        """Take these in as one batch of that queue's consumer."""
        intake = next(one for one in self.service.messaging.intakes if one.queue == queue)
        await intake.settle(deliveries)

    async def rows(self, query: str, *arguments: object) -> list[Row]:
        """Look into the service's tables, as itself."""
        async with self.plumbing.database.connection() as connection:
            return list(await connection.fetch(query, *arguments))

    async def envelopes(self, contract: Contract[Any]) -> list[Envelope]:
        """What waits in the outbox of this contract, oldest first."""
        rows = await self.rows(
            "SELECT body FROM outbox WHERE routing_key = $1 ORDER BY id", contract.routing_key
        )
        return [msgspec.json.decode(row["body"], type=Envelope) for row in rows]


@asynccontextmanager
async def served(service: Assembled[F, S]) -> AsyncIterator["TestClient[Any, Any]"]:
    """Serve its verbs; it is closed at the end."""
    client = TestClient(TestServer(service.application))
    try:
        await client.start_server()
        yield client
    finally:
        await client.close()
        await service.close()
