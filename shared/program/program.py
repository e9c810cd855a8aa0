"""A service as data: the plumbing it is given, what it hands back, and the program around both."""

import argparse
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Generic, TypeVar

from shared.acts import Acts, By
from shared.audit.entries import Action, Audit, Origin
from shared.clock import Clock, DatabaseClock
from shared.contracts.keys import KeyPurpose
from shared.db import Database
from shared.http.callers import ClientChecker, TokenChecker
from shared.http.client_budgets import ClientBudgets
from shared.http.health import Check
from shared.http.routes import Route
from shared.http.source_budget import SourceBudget
from shared.idempotency import IdempotencyKeys
from shared.loops import Loop
from shared.messaging.intake import Feeds, Settler
from shared.messaging.outbox import Outbox
from shared.messaging.snapshots import Projection
from shared.messaging.subscriptions import Subscription
from shared.metrics import Metric, Metrics
from shared.publications import Published
from shared.randomness import Randomness
from shared.settings.service import ServiceSettings
from shared.settings.values import key_bytes
from shared.trust.access import AccessTokens
from shared.trust.ciphers import Cipher, derive
from shared.trust.own_keys import OwnKeys, Renewal
from shared.trust.public_keys import PublicKeys
from shared.trust.tokens import Digests

F = TypeVar("F")
S = TypeVar("S", bound=ServiceSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plumbing(Generic[S]):
    """What every service needs and none owns."""

    service: str
    settings: S
    clock: Clock
    randomness: Randomness
    database: Database
    outbox: Outbox
    audit: Audit
    acts: Acts
    digests: Digests
    public_keys: PublicKeys
    access_tokens: AccessTokens
    idempotency: IdempotencyKeys
    budget: SourceBudget
    client_budgets: ClientBudgets
    metrics: Metrics
    feeds: Feeds

    @property
    def issuer(self) -> str:
        """The `iss` of what this service signs."""
        return f"{self.settings.issuer}/{self.service}"

    async def measured(self) -> datetime:
        """Read the services' time, which is the database's, where no loop measures it."""
        if isinstance(self.clock, DatabaseClock):
            await self.clock.once()
        return self.clock.now()

    def operator(self) -> By:
        """Who types verbs at the command line, as audit rows name them."""
        correlation_id = self.randomness.uuid()
        origin = Origin(actor="operator", source="", correlation_id=correlation_id)
        return By(origin=origin, now=self.clock.now())

    def cipher(self, purpose: str) -> Cipher:
        """Make a cipher under a key of that purpose's own, which also reads what is older."""
        settings = self.settings
        roots = (settings.key_encryption_key, *settings.key_encryption_keys_retired)
        key, *retired = (derive(key_bytes(root), purpose) for root in roots)
        return Cipher(key, self.randomness, retired=tuple(retired))

    def own_keys(self, *purposes: KeyPurpose, beside: Renewal | None = None) -> OwnKeys:
        """Make the key pairs of this service; hand them back in its Composition.

        `beside` brings what else is under the key-encryption key under the current one.
        """
        return OwnKeys(
            service=self.service,
            issuer=self.issuer,
            acts=self.acts,
            clock=self.clock,
            randomness=self.randomness,
            cipher=self.cipher("own keys"),
            purposes=purposes,
            beside=beside,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition(Generic[F]):
    """What a service's compose() returns: its features, and what must run for them."""

    features: F
    subscriptions: Mapping[str, tuple[Subscription, ...]]  # by queue
    loops: tuple[Loop, ...]
    inboxes: tuple[Settler, ...] = ()  # of queues that others than services write to
    own_keys: OwnKeys | None  # ensured by the runtime, again and again until it works
    closers: tuple[Callable[[], Awaitable[None]], ...] = ()
    probes: Mapping[str, Check] = field(default_factory=lambda: MappingProxyType({}))
    tokens: TokenChecker | None = None  # identity's, which asks its own table of sessions
    clients: ClientChecker | None = None  # identity's, which has their secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb(Generic[S]):
    """A verb of the command line that one service adds; `name` may have two words."""

    name: str
    help: str
    run: Callable[[Plumbing[S], argparse.Namespace], Awaitable[int]]
    arguments: Callable[[argparse.ArgumentParser], object] = lambda _: None
    changes: bool = False  # it takes --dry-run, and is then taken back


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkup(Generic[S]):
    """A thing that `check` asks about; `run` says what an operator should see to, or None."""

    name: str
    run: Callable[[Plumbing[S]], Awaitable[str | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program(Generic[F, S]):
    """One service as data."""

    service: str
    settings: type[S]
    routes: Sequence[Route[F]]
    compose: Callable[[Plumbing[S]], Composition[F]]
    migrations: Traversable
    actions: type[Action] = Action  # what it audits besides what every service does
    verbs: tuple[Verb[S], ...] = ()
    checkups: tuple[Checkup[S], ...] = ()
    metrics: tuple[Metric, ...] = ()
    snapshots: Callable[[Plumbing[S]], tuple[Published, ...]] = lambda _: ()
    """What it owns and can publish again; its keys are besides."""
    projections: tuple[Projection, ...] = ()
    """What it keeps of others' snapshots."""
