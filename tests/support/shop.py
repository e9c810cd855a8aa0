"""A small service of the tests' own, to try what every service's verbs go through."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Annotated, Any, NewType
from uuid import UUID

import msgspec
from aiohttp.test_utils import TestClient, TestServer

from shared.acts import Acts
from shared.audit.entries import Action, Audit
from shared.clock import Clock
from shared.contracts.ids import AccountId, PracticeId, SessionId
from shared.contracts.reach import QUESTIONS_GATE, SessionScope
from shared.contracts.scopes import Scope
from shared.db import Database
from shared.errors import HashingBusy, Refused, Unauthenticated
from shared.http.client_budgets import ClientBudgets
from shared.http.connections import Runner
from shared.http.edge import Edge
from shared.http.guards import Client, Counted, Practice, Public, Session
from shared.http.health import Check, Health, Lack
from shared.http.own_source import source_at
from shared.http.problems import InvalidClient
from shared.http.routes import SLOT, Body, Call, Form, NoBody, NoReply, Reply, Route, route
from shared.http.server import Server
from shared.http.source_budget import SourceBudget
from shared.http.sources import Sources
from shared.metrics import Metrics
from shared.randomness import Randomness
from shared.trust.access import (
    AccessTokenInvalid,
    Anonymous,
    Caller,
    ClientCaller,
    PracticeCaller,
    SessionCaller,
    TokenStale,
)
from shared.trust.tokens import Digests
from tests.support.acts import acts_of
from tests.support.clock import FakeClock

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"
PRACTICE = PracticeId(UUID(int=40))
SHELF_ID = str(UUID(int=7))
SHELF = f"/shelves/{SHELF_ID}"
BASIC = "Basic c2hvcC0xOnNlY3JldA=="


ShelfId = NewType("ShelfId", UUID)


class Guess(Body, frozen=True, kw_only=True):
    word: Annotated[str, msgspec.Meta(max_length=20)]


class Told(Reply, frozen=True, kw_only=True):
    word: str
    number: int = 0


class ShopAction(Action):
    STOCK = "stock"


class WrongWord(Unauthenticated):
    """The word is not the right one."""

    code = "word_wrong"
    title = "That is not the word"
    hint = "Try another."
    oauth_error = "no_word"


class Forgotten(Refused):
    """It does not say how it is told."""


@dataclass(slots=True, kw_only=True)
class Shop:
    """What the handlers below work on. `right` is the word that a guess must be."""

    database: Database
    acts: Acts
    budget: SourceBudget
    audit: Audit
    right: str = "sesame"
    slow: str | None = None  # the word over which a guess waits for `go_on`
    calls: list[Call[Any, Any]] = field(default_factory=list)
    made: int = 0
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    error: Exception | None = None


async def guess(shop: Shop, call: Call[Guess, Caller]) -> Told:
    shop.calls.append(call)
    if call.body.word == shop.slow:
        shop.entered.set()
        await shop.go_on.wait()
    async with shop.database.transaction() as tx:  # as a log-on does
        kept_back = await shop.budget.used_up(tx, call.origin.source)
    if call.body.word != shop.right or kept_back:
        raise WrongWord
    return Told(word=call.body.word)


async def show(shop: Shop, call: Call[Guess, Anonymous]) -> Told:
    """Take a word that nobody can guess, and do what cannot be taken back."""
    shop.calls.append(call)
    if call.body.word == shop.slow:
        shop.entered.set()
        await shop.go_on.wait()
    if call.body.word != shop.right:
        raise WrongWord
    shop.made += 1
    return Told(word=call.body.word, number=shop.made)


async def guess_within(shop: Shop, call: Call[Guess, SessionCaller]) -> Told:
    return await guess(shop, call)


async def ask(shop: Shop, call: Call[Guess, Anonymous]) -> Told:
    shop.calls.append(call)
    return Told(word="thank you")


async def look(shop: Shop, call: Call[NoBody, Anonymous], shelf_id: ShelfId) -> Told:
    shop.calls.append(call)
    return Told(word=str(shelf_id))


async def visit(shop: Shop, call: Call[NoBody, SessionCaller]) -> NoReply:
    shop.calls.append(call)
    return NoReply()


async def stock(shop: Shop, call: Call[Guess, PracticeCaller]) -> Told:
    """Count up in the transaction of the key, as a feature does."""
    async with shop.acts.begin(call.by, ShopAction.STOCK) as act:
        if kept := await act.repeat(call.idempotency, Told):
            return kept
        shop.made += 1
        return await act.keep(call.idempotency, Told(word=call.body.word, number=shop.made))


async def look_in(shop: Shop, call: Call[NoBody, ClientCaller]) -> Told:
    shop.calls.append(call)
    return Told(word="in stock")


async def wait(shop: Shop, call: Call[NoBody, Anonymous]) -> Told:
    shop.entered.set()
    await shop.go_on.wait()
    shop.made += 1
    return Told(word="at last")


async def fail(shop: Shop, call: Call[NoBody, Anonymous]) -> Told:
    raise shop.error or ValueError("ann@example.org")


async def obtain(shop: Shop, call: Call[Guess, Anonymous]) -> Told:
    raise WrongWord.in_field("word", "not that one")


NOTHING = Public(Counted.NOTHING)
ROUTES: Sequence[Route[Shop]] = (
    route("POST", "/guesses", Public(),
          guess, status=201, summary="Guess", problems=(WrongWord,)),
    route("POST", "/questions", Public(Counted.EVERY_REQUEST),
          ask, status=202, summary="Ask"),
    route("POST", "/secrets", Public(Counted.MISSES),
          show, status=201, summary="Show a secret", problems=(WrongWord,)),
    route("GET", "/shelves/{shelf_id}", NOTHING,
          look, summary="Look", query=("after",)),
    route("DELETE", "/visits", Session(),
          visit, summary="Visit"),
    route("POST", "/visits/guesses",
          Session(Counted.REFUSALS, also=(SessionScope.GATES, SessionScope.SETTINGS)),
          guess_within, summary="Guess on a visit", problems=(WrongWord,)),
    route("POST", "/stock", Practice(Scope.PATIENTS_WRITE),
          stock, idempotent=True, uncounted="of a test", rows=("ST-1",), summary="Stock"),
    route("POST", "/counts", Client(Scope.INTROSPECT, basic=True),
          look_in, summary="Count"),
    route("POST", "/waits", NOTHING,
          wait, summary="Wait"),
    route("POST", "/failures", NOTHING,
          fail, summary="Fail", problems=(HashingBusy,)),
    route("POST", "/oauth", NOTHING,
          obtain, form=Form.URLENCODED, summary="Obtain", problems=(WrongWord,)),
    source_at("shop"),
)  # fmt: skip


class Tokens:
    """Stands for the checker: these tokens are known, anything else is not."""

    def __init__(self, now: datetime) -> None:
        account, session = AccountId(UUID(int=1)), SessionId(UUID(int=2))
        person = SessionCaller(
            account_id=account,
            session_id=session,
            account_version=1,
            scope=SessionScope.FULL,
            auth_time=now,
            issued_at=now,
            expires_at=now + timedelta(minutes=5),
            gate=QUESTIONS_GATE,  # the one that a verb of another service is for
        )
        self.known: Mapping[str, SessionCaller | ClientCaller] = {
            "person": person,
            **{scope: replace(person, scope=scope) for scope in SessionScope},
            "practice": client(PRACTICE, Scope.PATIENTS_WRITE),
            "reader": client(PRACTICE, Scope.INTROSPECT),
            "gateway": client(None, Scope.PATIENTS_WRITE),
        }

    async def check(self, token: str, *, now: datetime) -> SessionCaller | ClientCaller:
        if token == "stale":
            raise TokenStale
        if token not in self.known:
            raise AccessTokenInvalid
        return self.known[token]


class Clients:
    """Knows one client by its Basic credentials."""

    async def authenticate(self, authorization: str, *, now: datetime) -> ClientCaller:
        if authorization != BASIC:
            raise InvalidClient(UUID(int=7))
        return client(None, Scope.INTROSPECT)


def client(practice_id: PracticeId | None, scope: Scope) -> ClientCaller:
    return ClientCaller(client_id="shop-1", practice_id=practice_id, scopes=frozenset({scope}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """One replica of the shop behind a real web server."""

    shop: Shop
    client: "TestClient[Any, Any]"
    metrics: Metrics
    health: Health
    budget: SourceBudget


class Served(TestServer):
    """A test server whose connections are those of a real process."""

    async def _make_runner(self, **_: Any) -> Runner:
        return await Runner.of(self.app, randomness=Randomness())


@asynccontextmanager
async def open_stall(
    *,
    database: Database | None = None,
    clock: Clock | None = None,
    routes: Sequence[Route[Any]] = ROUTES,
    own: Mapping[str, Lack] | None = None,
    shared: Mapping[str, Check] | None = None,
    request_seconds: float = 5.0,
    pool: int = 10,
) -> AsyncIterator[Stall]:
    """Serve the shop, or other verbs up to their guards; without a database, one that is away."""
    clock = clock or FakeClock()
    database = database or Database(NOWHERE, application="shop", size=pool, wait=0.5)
    metrics = Metrics()
    budget = SourceBudget(
        database=database,
        clock=clock,
        metrics=metrics,
        limit=50,
        window=timedelta(minutes=5),
        alarm_at=60,
    )
    acts = acts_of("merge", database, clock)
    shop = Shop(database=database, acts=acts, budget=budget, audit=acts.audit)
    health = Health(own=own or {}, shared=shared or {}, clock=clock, metrics=metrics)
    server = Server(
        service="shop",
        routes=routes,
        edge=Edge(
            features=shop,
            tokens=Tokens(clock.now()),
            clients=Clients(),
            acts=acts,
            budget=budget,
            client_budgets=ClientBudgets(database=database, clock=clock, metrics=metrics, most={}),
            sources=Sources(trusted=(ip_network("127.0.0.0/8"),), header="X-Forwarded-For"),
            digests=Digests(b"k" * 32),
            clock=clock,
            body_limit=2048,
            request_seconds=request_seconds,
        ),
        health=health,
        metrics=metrics,
        randomness=Randomness(),
    )
    async with TestClient(Served(server.application())) as client:
        yield Stall(shop=shop, client=client, metrics=metrics, health=health, budget=budget)
    await database.close()


def path_of(route: Route[Any], an_id: str) -> str:
    """Fill a route's path in: this id where it takes one, else a name of the slot's set."""
    return SLOT.sub(
        lambda slot: next(iter(route.names[slot[1]])) if slot[1] in route.names else an_id,
        route.path,
    )
