"""A service's routes as data: each with its guard, the types of body and reply, its problems."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any, Generic, TypeVar

import msgspec

from shared.access import Caller
from shared.acts import By
from shared.audit import Origin
from shared.errors import Expected
from shared.idempotency import IdempotencyKey


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request body; unknown fields are refused."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A reply body."""


class NoBody(Body, frozen=True, kw_only=True):
    """For verbs without a body."""


class NoReply(Reply, frozen=True, kw_only=True):
    """204: nothing to say."""


B = TypeVar("B", bound=Body)
F = TypeVar("F")
G = TypeVar("G")
R = TypeVar("R", bound=Reply)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[B]):
    """What a handler is given. `path` holds the path's parameters, `query` the query's."""

    body: B
    path: Mapping[str, str]
    query: Mapping[str, str]
    caller: Caller
    origin: Origin
    now: datetime
    idempotency: IdempotencyKey | None
    authorization: str | None  # raw, for OAuth's own client authentication

    @property
    def by(self) -> By:
        """Who asks, from where, and when, as acts are begun."""
        return By(origin=self.origin, now=self.now)


class Counted(Enum):
    """What a verb adds to its source's budget (LG-4), and what a used up budget does to it.

    What was done is told under each of them.
    """

    #: past the budget nothing is worked at; where a secret can be guessed the verb itself keeps a
    #: right guess back, before it commits (SourceBudget.used_up)
    REFUSALS = "refusals"
    MISSES = "misses"  #: success rests on a secret beyond guessing, and is always told
    EVERY_REQUEST = "every request"  #: the verb always answers the same, hit and miss alike
    NOTHING = "nothing"  #: nothing can be guessed at it


@dataclass(frozen=True, slots=True)
class Public:
    """Anybody may call; what the client is told counts on its source."""

    counted: Counted = Counted.REFUSALS


@dataclass(frozen=True, slots=True)
class Session:
    """A person with a live session; a verb at which a secret can be guessed counts refusals too."""

    counted: Counted = Counted.NOTHING


@dataclass(frozen=True, slots=True)
class Client:
    """A practice's or a gateway's client whose token has this scope."""

    scope: str
    practice: bool = True  # the client must belong to a practice
    basic: bool = False  # its id and secret do as well as its token

    @property
    def counted(self) -> Counted:
        """A client is somebody known: nothing counts on the source."""
        return Counted.NOTHING


Guard = Public | Session | Client


class Form(Enum):
    """How a body is written."""

    JSON = "application/json"
    URLENCODED = "application/x-www-form-urlencoded"  #: OAuth's own verbs


Handler = Callable[[F, Call[Any]], Awaitable[Reply]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Generic[F]):
    """One verb. `problems` are the typed errors it may answer, besides those every route has."""

    method: str
    path: str  # "/patients/{patient_id}"
    name: str  # the OpenAPI operationId, "issue_enrolment_token"
    summary: str
    guard: Guard
    handler: Handler[F]
    body: type[Body]
    reply: type[Reply]
    status: int = 200
    problems: tuple[type[Expected], ...] = ()
    idempotent: bool = False  # takes an Idempotency-Key
    form: Form = Form.JSON
    rows: tuple[str, ...] = ()  # the rows of features.md it serves
    query: tuple[str, ...] = ()  # the query's parameters; any other is refused
    cached: int = 0  # seconds for which anybody may keep the reply; 0: nobody keeps it


def route(
    method: str,
    path: str,
    handler: Callable[[F, Call[B]], Awaitable[R]],
    *,
    body: type[B],
    reply: type[R],
    guard: Guard,
    summary: str,
    status: int = 200,
    problems: tuple[type[Expected], ...] = (),
    idempotent: bool = False,
    form: Form = Form.JSON,
    rows: tuple[str, ...] = (),
    query: tuple[str, ...] = (),
    cached: int = 0,
) -> Route[F]:
    """Make a route whose handler takes exactly this body and returns exactly this reply.

    The operationId is the handler's own name.
    """
    return Route(
        method=method,
        path=path,
        name=handler.__name__,
        summary=summary,
        guard=guard,
        handler=handler,
        body=body,
        reply=reply,
        status=status,
        problems=problems,
        idempotent=idempotent,
        form=form,
        rows=rows,
        query=query,
        cached=cached,
    )


def lifted(pick: Callable[[F], G], routes: Sequence[Route[G]]) -> tuple[Route[F], ...]:
    """Return a group's routes as the service's, each handler given what `pick` takes of all."""

    def lift(handler: Handler[G]) -> Handler[F]:
        return lambda features, call: handler(pick(features), call)

    every: Sequence[Route[Any]] = routes
    return tuple(replace(one, handler=lift(one.handler)) for one in every)
