"""The runtime: a program and its settings become one service, with nothing started yet.

shared/program/process.py starts it and stops it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic

from aiohttp import web

from shared import limits, one_time
from shared.acts import Acts
from shared.audit.backlog import AuditBacklog
from shared.audit.chain import AuditChain
from shared.audit.entries import Audit
from shared.clock import MEASURE_EVERY, Clock, DatabaseClock
from shared.contracts import topology
from shared.db import Database
from shared.http.edge import Edge
from shared.http.guards import Session
from shared.http.health import LOOKED_EVERY, Check, Health, Lack, NotWell
from shared.http.server import Server, metrics_application
from shared.http.source_budget import SourceBudget
from shared.http.sources import Sources
from shared.idempotency import IdempotencyKeys
from shared.logs import logger
from shared.loops import SOON, Loop
from shared.messaging.broker import Broker
from shared.messaging.intake import Feeds
from shared.messaging.outbox import Outbox
from shared.messaging.wiring import Bus, Messaging
from shared.metrics import Metrics
from shared.program.program import Composition, F, Plumbing, Program, S
from shared.randomness import Randomness
from shared.settings.loader import PREFIX
from shared.settings.values import key_bytes
from shared.tls import of_broker
from shared.trust.access import AccessTokens, SessionCaller, StreamGuard
from shared.trust.ended_sessions import EndedSessions
from shared.trust.own_keys import KeysUnreadable, OwnKeys
from shared.trust.public_keys import PublicKeys
from shared.trust.spent_grants import SpentGrants
from shared.trust.tokens import Digests

log = logger("runtime")

FIRST_BEAT_WITHIN = 5.0  # seconds: readiness waits for the first beat, but not for an outage's end


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
    ).messaging(composition.subscriptions)
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


@dataclass(slots=True)
class Ensured:
    """The service's own keys, made as soon as the database is there, and looked after."""

    own_keys: OwnKeys
    done: bool = False
    unreadable: bool = False

    async def once(self) -> int:
        """Make what is missing, end what is over; always 0.

        A wrong key-encryption key is said once and by name: no further try mends it.
        """
        try:
            await self.own_keys.ensure()
        except KeysUnreadable:
            if not self.unreadable:
                log.error("own_keys_unreadable", setting=f"{PREFIX}KEY_ENCRYPTION_KEY")
            self.unreadable = True
            return 0
        self.done, self.unreadable = True, False
        return 0

    def lack(self) -> str | None:
        """Say whether they are there, and can be opened."""
        if self.unreadable:
            return "key_encryption_key_wrong"
        return None if self.done else "not_made_yet"


def edge(plumbing: Plumbing[S], composition: Composition[F]) -> Edge[F]:
    settings = plumbing.settings
    return Edge(
        features=composition.features,
        tokens=composition.tokens or plumbing.access_tokens,
        clients=composition.clients,
        acts=plumbing.acts,
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
    backlog = AuditBacklog(database=database, clock=plumbing.clock, metrics=plumbing.metrics)
    spent = SpentGrants(database=database, clock=plumbing.clock)
    if isinstance(plumbing.clock, DatabaseClock):
        yield Loop(name="clock", once=plumbing.clock.once, every=MEASURE_EVERY, longest_wait=SOON)
    if keys is not None:
        yield Loop(name="own-keys", once=keys.once, every=1.0, longest_wait=SOON)
    public_keys = plumbing.public_keys
    yield Loop(name="public-keys", once=public_keys.once, every=1.0, longest_wait=SOON)
    yield Loop(name="audit-chain", once=chain.once, every=1.0)
    yield Loop(name="audit-backlog", once=backlog.once, every=5.0)
    yield Loop(name="spent-grants", once=spent.sweep, every=3600.0)
    yield Loop(name="audit-floods", once=floods_told(plumbing), every=10.0)
    yield Loop(name="source-budget", once=plumbing.budget.once, every=10.0)
    yield Loop(name="idempotency", once=lambda: idempotency.sweep(database), every=300.0)
    secrets = one_time.Sweeper(database=database, clock=plumbing.clock)
    counts = limits.Sweeper(database=database, clock=plumbing.clock)
    yield Loop(name="one-time-secrets", once=secrets.once, every=60.0)
    yield Loop(name="limits", once=counts.once, every=60.0)
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


@dataclass(slots=True)
class FirstBeat:
    """A replica's own wait for the first beat of the stream of ended sessions.

    It ends with the beat, or after FIRST_BEAT_WITHIN: a broker or an identity that is away is away
    for all replicas, and what is restarted meanwhile must not be lost to people. Until a beat comes
    StreamGuard takes young tokens only, so nothing is let through for it; after it, a stream that
    falls quiet is told by the status.
    """

    ended_sessions: EndedSessions
    clock: Clock
    until: float
    over: bool = False

    def lack(self) -> str | None:
        """Say whether it still waits."""
        if not self.over:
            self.over = self.ended_sessions.fresh() or self.clock.monotonic() > self.until
        return None if self.over else "no_beat_yet"


def readiness(
    plumbing: Plumbing[S], ended_sessions: EndedSessions | None, keys: Ensured | None
) -> Iterator[tuple[str, Lack]]:
    """What this replica alone lacks before it is sent requests."""
    clock = plumbing.clock
    if isinstance(clock, DatabaseClock):
        yield "clock", lambda: None if clock.steady else "not_steady"
    if ended_sessions is not None:
        until = clock.monotonic() + FIRST_BEAT_WITHIN
        yield "sessions", FirstBeat(ended_sessions, clock, until).lack
    if keys is not None:
        yield "own_keys", keys.lack


def status(
    plumbing: Plumbing[S],
    composition: Composition[F],
    broker: Broker,
    messaging: Messaging,
    ended_sessions: EndedSessions | None,
) -> Iterator[tuple[str, Check]]:
    """What this replica shares with all others, as far as it can be seen from here."""
    queues = [intake.queue for intake in messaging.intakes]
    feeds = plumbing.feeds

    async def consumers() -> None:
        if not all(feeds.connected_since(queue) for queue in queues):
            raise NotWell("not_registered")

    yield "database", plumbing.database.ping
    yield "broker", broker.ping
    yield "consumers", consumers
    if ended_sessions is not None:

        async def beats() -> None:
            if not ended_sessions.fresh():
                raise NotWell("stream_quiet")

        yield "sessions", beats
    yield from composition.probes.items()
