"""The runtime: a program and its settings become one service, with nothing started yet.

shared/process.py starts it and stops it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic

from aiohttp import web

from shared.access import AccessTokens, SessionCaller, StreamGuard
from shared.audit import Audit, AuditChain
from shared.ciphers import derive
from shared.clock import MEASURE_EVERY, Clock, DatabaseClock
from shared.contracts import topology
from shared.db import Database
from shared.http.edge import Edge
from shared.http.health import Check, Health, NotReady
from shared.http.idempotency import IdempotencyKeys
from shared.http.routes import Session
from shared.http.server import Server, metrics_application
from shared.http.source_budget import SourceBudget
from shared.http.sources import Sources
from shared.loops import SOON, Loop
from shared.messaging.broker import Broker
from shared.messaging.consumer import Feeds
from shared.messaging.outbox import Outbox
from shared.messaging.wiring import Bus, Messaging
from shared.metrics import Metrics
from shared.own_keys import OwnKeys
from shared.program import Composition, F, Plumbing, Program, S, Verb
from shared.public_keys import PublicKeys
from shared.randomness import Randomness
from shared.sessions import EndedSessions
from shared.settings import key_bytes
from shared.tokens import Digests
from shared.transactions import Transactions

__all__ = ["Assembled", "Composition", "Plumbing", "Program", "Verb", "assemble", "plumbing_for"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled(Generic[F, S]):
    """A service in one piece, with nothing started."""

    plumbing: Plumbing[S]
    composition: Composition[F]
    broker: Broker
    messaging: Messaging
    ended_sessions: EndedSessions | None  # None at identity: its own table knows
    loops: tuple[Loop, ...]  # of the runtime and of the service; the bus has its own
    health: Health
    application: web.Application
    metrics_application: web.Application

    async def close(self) -> None:
        """Give back what is held outside the process."""
        for closer in self.composition.closers:
            await closer()
        await self.broker.close()
        await self.plumbing.database.close()


class AsksItsOwnTable:
    """Identity's tokens are checked against its sessions by Composition.tokens, not here."""

    async def check(self, caller: SessionCaller, *, now: datetime) -> None:
        """Pass: who wraps this checker asks the table."""


def plumbing_for(
    program: Program[F, S],
    settings: S,
    *,
    broker: Broker | None = None,
    clock: Clock | None = None,
    metrics: Metrics | None = None,
) -> tuple[Plumbing[S], EndedSessions | None]:
    """Make the plumbing; nothing connects before it is used.

    Without a broker it is an operator's verb, which checks no tokens.
    """
    randomness = Randomness()
    metrics = metrics or Metrics(*program.metrics)
    database = Database(
        settings.database_url.reveal(),
        application=program.service,
        size=settings.pool_size,
        wait=settings.pool_wait_seconds,
    )
    clock = clock or DatabaseClock(database.time, clock_file=settings.clock_file)
    ended_sessions = None
    if broker is not None and not owns_sessions(program.service):
        ended_sessions = EndedSessions(
            broker=broker, clock=clock, metrics=metrics, randomness=randomness
        )
    public_keys = PublicKeys(
        database=database, clock=clock, own_issuer=f"{settings.issuer}/{program.service}"
    )
    plumbing = Plumbing(
        service=program.service,
        settings=settings,
        clock=clock,
        randomness=randomness,
        database=database,
        outbox=Outbox(service=program.service, clock=clock, randomness=randomness),
        audit=Audit(clock=clock, randomness=randomness),
        digests=Digests(derive(key_bytes(settings.key_encryption_key), "digests")),
        public_keys=public_keys,
        access_tokens=AccessTokens(
            issuer=settings.issuer,
            public_keys=public_keys,
            sessions=StreamGuard(ended_sessions) if ended_sessions else AsksItsOwnTable(),
        ),
        idempotency=IdempotencyKeys(clock=clock),
        budget=SourceBudget(
            database=database,
            clock=clock,
            metrics=metrics,
            limit=settings.source_budget,
            window=timedelta(seconds=settings.source_window),
            alarm_at=settings.source_alarm,
        ),
        metrics=metrics,
        feeds=Feeds(),
    )
    return plumbing, ended_sessions


def assemble(program: Program[F, S], settings: S, *, clock: Clock | None = None) -> Assembled[F, S]:
    """Put a service together. With a clock handed in, time is the test's and is not measured."""
    metrics = Metrics(*program.metrics, process=clock is None)
    broker = Broker(settings.broker_url.reveal(), name=program.service)
    plumbing, ended_sessions = plumbing_for(
        program, settings, broker=broker, clock=clock, metrics=metrics
    )
    composition = program.compose(plumbing)
    if ended_sessions is None and composition.tokens is None and for_sessions(program):
        raise TypeError("who owns the sessions must check tokens against its own table")
    messaging = Bus(
        service=program.service,
        broker=broker,
        database=plumbing.database,
        outbox=plumbing.outbox,
        clock=plumbing.clock,
        randomness=plumbing.randomness,
        metrics=metrics,
        feeds=plumbing.feeds,
    ).messaging(composition.subscriptions)
    keys = Ensured(composition.own_keys) if composition.own_keys else None
    checks = readiness(plumbing, composition, broker, messaging, ended_sessions, keys)
    health = Health(checks=dict(checks), metrics=metrics)
    server = Server(
        service=program.service,
        routes=program.routes,
        problems=program.problems,
        edge=edge(plumbing, composition),
        health=health,
        metrics=metrics,
        randomness=plumbing.randomness,
    )
    return Assembled(
        plumbing=plumbing,
        composition=composition,
        broker=broker,
        messaging=messaging,
        ended_sessions=ended_sessions,
        loops=(*own_loops(plumbing, keys), *composition.loops),
        health=health,
        application=server.application(),
        metrics_application=metrics_application(metrics),
    )


def for_sessions(program: Program[F, S]) -> bool:
    """Whether any verb asks for a person's session."""
    return any(isinstance(route.guard, Session) for route in program.routes)


def owns_sessions(service: str) -> bool:
    """Whether the stream of ended sessions is this service's to write."""
    return f"{service}.sessions" == topology.SESSIONS


@dataclass(slots=True)
class Ensured:
    """The service's own keys, made as soon as the database is there."""

    own_keys: OwnKeys
    done: bool = False

    async def once(self) -> int:
        """Make what is missing; always 0."""
        await self.own_keys.ensure()
        self.done = True
        return 0


def edge(plumbing: Plumbing[S], composition: Composition[F]) -> Edge[F]:
    settings = plumbing.settings
    return Edge(
        features=composition.features,
        tokens=composition.tokens or plumbing.access_tokens,
        clients=composition.clients,
        transactions=Transactions(database=plumbing.database, audit=plumbing.audit),
        budget=plumbing.budget,
        sources=Sources(trusted=settings.trusted_proxies, header=settings.forwarded_header),
        digests=plumbing.digests,
        clock=plumbing.clock,
        body_limit=settings.body_limit,
        request_seconds=settings.request_seconds,
    )


def own_loops(plumbing: Plumbing[S], keys: Ensured | None) -> Iterator[Loop]:
    """What runs in every service beside the bus. What readiness waits for retries soon."""
    database, idempotency = plumbing.database, plumbing.idempotency
    chain = AuditChain(database=database, clock=plumbing.clock)
    if isinstance(plumbing.clock, DatabaseClock):
        yield Loop(name="clock", once=plumbing.clock.once, every=MEASURE_EVERY, longest_wait=SOON)
    if keys is not None:
        yield Loop(name="own-keys", once=keys.once, every=60.0, longest_wait=SOON)
    yield Loop(name="audit-chain", once=chain.once, every=1.0)
    yield Loop(name="audit-floods", once=floods_told(plumbing), every=10.0)
    yield Loop(name="source-budget", once=plumbing.budget.once, every=10.0)
    yield Loop(name="idempotency", once=lambda: idempotency.sweep(database), every=300.0)
    yield Loop(name="lag", once=lambda: lag(plumbing.metrics), every=0.4)


def floods_told(plumbing: Plumbing[S]) -> Callable[[], Awaitable[int]]:
    """Say in a row each, and in a metric, how many refusals left no row of their own."""

    async def once() -> int:
        plumbing.metrics.count(
            "audit_left_out", await plumbing.audit.tell_floods(plumbing.database)
        )
        return 0

    return once


async def lag(metrics: Metrics) -> int:
    """Measure how much later than asked the event loop goes on."""
    clock = asyncio.get_running_loop().time
    asked = clock() + 0.1
    await asyncio.sleep(0.1)
    metrics.observe("event_loop_lag_seconds", max(0.0, clock() - asked))
    return 0


def readiness(
    plumbing: Plumbing[S],
    composition: Composition[F],
    broker: Broker,
    messaging: Messaging,
    ended_sessions: EndedSessions | None,
    keys: Ensured | None,
) -> Iterator[tuple[str, Check]]:
    """Everything a replica needs before it is sent requests."""
    queues = [intake.queue for intake in messaging.intakes]
    clock, feeds = plumbing.clock, plumbing.feeds
    yield "database", plumbing.database.ping
    yield "broker", broker.ping
    yield (
        "consumers",
        holds(lambda: all(feeds.connected_since(queue) for queue in queues), "not_registered"),
    )
    if isinstance(clock, DatabaseClock):
        yield "clock", holds(lambda: clock.steady, "not_steady")
    if ended_sessions is not None:
        yield "sessions", holds(ended_sessions.fresh, "stream_quiet")
    if keys is not None:
        yield "own_keys", holds(lambda: keys.done, "not_made_yet")
    yield from composition.probes.items()


def holds(condition: Callable[[], bool], otherwise: str) -> Check:
    """Make a check of a condition that costs nothing to ask."""

    async def check() -> None:
        if not condition():
            raise NotReady(otherwise)

    return check
