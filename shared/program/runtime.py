"""The runtime: a program and its settings become one service, with nothing started yet.

shared/program/process.py starts it and stops it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic

from aiohttp import web

from shared.acts import Acts
from shared.audit.entries import Audit
from shared.clock import Clock, DatabaseClock
from shared.contracts import topology
from shared.db import Database
from shared.http.client_budgets import ClientBudgets
from shared.http.edge import Edge
from shared.http.guards import Session
from shared.http.health import LOOKED_EVERY, Health
from shared.http.server import Server, metrics_application
from shared.http.source_budget import SourceBudget
from shared.http.sources import Sources
from shared.idempotency import IdempotencyKeys
from shared.loops import Loop
from shared.messaging.broker import Broker
from shared.messaging.intake import Feeds
from shared.messaging.outbox import Outbox
from shared.messaging.wiring import Bus, Messaging
from shared.metrics import Metrics
from shared.program.own_loops import own_loops
from shared.program.program import Composition, F, Plumbing, Program, S
from shared.program.readiness import Ensured, readiness, status
from shared.randomness import Randomness
from shared.settings.values import key_bytes
from shared.tls import of_broker
from shared.trust.access import AccessTokens, SessionCaller, StreamGuard
from shared.trust.ended_sessions import EndedSessions
from shared.trust.public_keys import PublicKeys
from shared.trust.tokens import Digests


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled(Generic[F, S]):
    """A service in one piece, with nothing started."""

    plumbing: Plumbing[S]
    composition: Composition[F]
    broker: Broker
    messaging: Messaging
    ended_sessions: EndedSessions | None  # None at who writes them: its own table knows
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
    """Who owns the sessions checks its tokens by Composition.tokens, against them, not here."""

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
        ca=settings.tls_ca,
        size=settings.pool_size,
        wait=settings.pool_wait_seconds,
    )
    clock = clock or DatabaseClock(database.time, clock_file=settings.clock_file)
    ended_sessions = None
    if broker is not None and not owns_sessions(program):
        ended_sessions = EndedSessions(
            broker=broker, clock=clock, metrics=metrics, randomness=randomness
        )
    outbox = Outbox(service=program.service, clock=clock, randomness=randomness)
    audit = Audit(clock=clock, randomness=randomness)
    idempotency = IdempotencyKeys(clock=clock)
    public_keys = PublicKeys(
        database=database, clock=clock, own_issuer=f"{settings.issuer}/{program.service}"
    )
    plumbing = Plumbing(
        service=program.service,
        settings=settings,
        clock=clock,
        randomness=randomness,
        database=database,
        outbox=outbox,
        audit=audit,
        acts=Acts(database=database, audit=audit, outbox=outbox, idempotency=idempotency),
        digests=Digests(key_bytes(settings.digest_key)),
        public_keys=public_keys,
        access_tokens=AccessTokens(
            issuer=settings.issuer,
            service=program.service,
            public_keys=public_keys,
            sessions=StreamGuard(ended_sessions) if ended_sessions else AsksItsOwnTable(),
        ),
        idempotency=idempotency,
        budget=SourceBudget(
            database=database,
            clock=clock,
            metrics=metrics,
            limit=settings.source_budget,
            window=timedelta(seconds=settings.source_window),
            alarm_at=settings.source_alarm,
        ),
        client_budgets=ClientBudgets(
            database=database,
            clock=clock,
            metrics=metrics,
            most={
                budget.name: budget.most(settings)
                for route in program.routes
                for budget in route.counts_on
            },
        ),
        metrics=metrics,
        feeds=Feeds(),
    )
    return plumbing, ended_sessions


def assemble(program: Program[F, S], settings: S, *, clock: Clock | None = None) -> Assembled[F, S]:
    """Put a service together. With a clock handed in, time is the test's and is not measured."""
    metrics = Metrics(*program.metrics, process=clock is None)
    broker_url = settings.broker_url.reveal()
    broker = Broker(broker_url, name=program.service, tls=of_broker(broker_url, settings.tls_ca))
    plumbing, ended_sessions = plumbing_for(
        program, settings, broker=broker, clock=clock, metrics=metrics
    )
    composition = program.compose(plumbing)
    if owns_sessions(program) and composition.tokens is None and for_sessions(program):
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
    ).messaging(composition.subscriptions, inboxes=composition.inboxes)
    keys = Ensured(composition.own_keys) if composition.own_keys else None
    health = Health(
        own=dict(readiness(plumbing, ended_sessions, keys)),
        shared=dict(status(plumbing, composition, broker, messaging, ended_sessions)),
        clock=plumbing.clock,
        metrics=metrics,
    )
    look = Loop(name="health", once=health.look, every=LOOKED_EVERY)
    server = Server(
        service=program.service,
        routes=program.routes,
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
        loops=(*own_loops(plumbing, keys), look, *composition.loops),
        health=health,
        application=server.application(),
        metrics_application=metrics_application(metrics, health),
    )


def for_sessions(program: Program[F, S]) -> bool:
    """Whether any verb asks for a person's session."""
    return any(isinstance(route.guard, Session) for route in program.routes)


def owns_sessions(program: Program[F, S]) -> bool:
    """Whether the stream of ended sessions is this service's to write."""
    return topology.SESSIONS in topology.streams(program.service)


def edge(plumbing: Plumbing[S], composition: Composition[F]) -> Edge[F]:
    settings = plumbing.settings
    return Edge(
        features=composition.features,
        tokens=composition.tokens or plumbing.access_tokens,
        clients=composition.clients,
        acts=plumbing.acts,
        budget=plumbing.budget,
        client_budgets=plumbing.client_budgets,
        sources=Sources(trusted=settings.trusted_proxies, header=settings.forwarded_header),
        digests=plumbing.digests,
        clock=plumbing.clock,
        body_limit=settings.body_limit,
        request_seconds=settings.request_seconds,
    )
