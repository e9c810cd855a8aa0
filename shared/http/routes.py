"""A service's routes as data: each with its guard, the types of body and reply, its problems."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, StrEnum
from inspect import signature
from typing import (
    Any,
    ClassVar,
    Concatenate,
    Generic,
    NewType,
    ParamSpec,
    TypeGuard,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)
from uuid import UUID

import msgspec

from shared.acts import By
from shared.audit.entries import Origin
from shared.contracts.scopes import SCOPES
from shared.errors import Expected
from shared.http.client_budgets import Budget, bounded
from shared.http.guards import AnyGuard, Client, Guard, Practice, Public, Session, Staff
from shared.http.texts import Line, StaffId
from shared.idempotency import IdempotencyKey
from shared.trust.access import Caller

MOST_VALUES = 1000  # of a body, over all its levels; no verb takes a tenth of it
SLOT = re.compile(r"\{(\w+)\}")  # an id of a path, "{patient_id}", or a name of a closed set


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request body; unknown fields are refused."""

    def counts_as(self, budget: str) -> int:
        """How much of its client's budget a call takes: a bulk as much as its rows (ST-1)."""
        return 1


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A reply body."""

    shows_most: ClassVar[int] = 1  # records of patients; of a list, as many as are on a page

    @property
    def shows(self) -> int:
        """How many it shows: what a look counts on its client's budget (ST-1)."""
        return 1


class Message(Body, frozen=True, kw_only=True):
    """A mail as its server hands it over: bytes that nobody has vouched for."""

    content: bytes


class Hook(Body, frozen=True, kw_only=True):
    """What a provider tells, a form with whatever it says by now: who takes it checks that it is
    signed before anything of it is read.
    """

    said: tuple[tuple[str, str], ...]

    def first(self, name: str) -> str:
        """What it says under this name; empty where it says nothing."""
        return next((value for said, value in self.said if said == name), "")


class NoBody(Body, frozen=True, kw_only=True):
    """For verbs without a body."""


class StaffBody(Body, frozen=True, kw_only=True):
    """Who stands at the desk, and why: with every verb behind `Staff` (ST-1)."""

    staff_id: StaffId
    reason: Line


class NoReply(Reply, frozen=True, kw_only=True):
    """204: nothing to say."""


B_co = TypeVar("B_co", bound=Body, covariant=True)
C_co = TypeVar("C_co", bound=Caller, covariant=True)
C = TypeVar("C", bound=Caller)
F = TypeVar("F")
G = TypeVar("G")
K = TypeVar("K")
P = ParamSpec("P")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[B_co, C_co]):
    """What a handler is given: the body, and the caller that its route's guard let in."""

    body: B_co
    caller: C_co
    query: Mapping[str, str]
    origin: Origin  # behind `Staff` with the staff member and the reason
    now: datetime
    idempotency: IdempotencyKey | None
    authorization: str | None  # raw, for OAuth's own client authentication
    signature: str | None = None  # of a hook, as its header has it

    @property
    def by(self) -> By:
        """Who asks, from where, and when, as acts are begun."""
        return By(origin=self.origin, now=self.now)


Handler = Callable[..., Awaitable[Reply]]
"""Takes the features, a Call, and the path's ids by their names."""


class Form(Enum):
    """How a body is written."""

    JSON = "application/json"
    URLENCODED = "application/x-www-form-urlencoded"  #: OAuth's own verbs
    MESSAGE = "message/rfc822"  #: a mail, as it came over the wire
    HOOK = "hook"  #: a form that a provider signs

    @property
    def media_type(self) -> str:
        """As its Content-Type has it."""
        return Form.URLENCODED.value if self is Form.HOOK else str(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one call of a verb may take; None: as much as the settings have for every verb."""

    body_bytes: int | None = None
    body_values: int = MOST_VALUES
    seconds: float | None = None  # for the body to arrive, and for the work


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Generic[F]):
    """One verb. `problems` are the typed errors it may answer, besides those every route has."""

    method: str
    path: str  # "/patients/{patient_id}"
    names: Mapping[str, type[StrEnum]] = field(default_factory=dict)
    """Its slots that take one of a closed set of names; every other one takes an id."""
    name: str  # the OpenAPI operationId, "issue_enrolment_token"
    summary: str
    guard: AnyGuard
    handler: Handler
    body: type[Body]
    reply: type[Reply]
    status: int
    problems: tuple[type[Expected], ...] = ()
    idempotent: bool = False  # takes an Idempotency-Key
    form: Form = Form.JSON
    rows: tuple[str, ...] = ()  # the rows of features.md it serves
    query: tuple[str, ...] = ()  # the query's parameters; any other is refused
    cached: int = 0  # seconds for which anybody may keep the reply; 0: nobody keeps it
    limits: Limits = Limits()
    counts_on: tuple[Budget[Any], ...] = ()  # of its client (ST-1)
    uncounted: str = ""  # why a practice's verb counts on none
    signed_in: str = ""  # the header with a hook's signature


def route(
    method: str,
    path: str,
    guard: Guard[C],
    handler: Callable[Concatenate[F, Call[Any, C], P], Awaitable[Reply]],
    *,
    summary: str,
    status: int | None = None,
    problems: tuple[type[Expected], ...] = (),
    idempotent: bool = False,
    form: Form = Form.JSON,
    rows: tuple[str, ...] = (),
    query: tuple[str, ...] = (),
    cached: int = 0,
    limits: Limits = Limits(),
    counts_on: tuple[Budget[Any], ...] = (),
    uncounted: str = "",
    signed_in: str = "",
) -> Route[F]:
    """Make a route; body, reply and the ids it takes from the path are its handler's annotations.

    The operationId is the handler's own name; the status is 200, and 204 where there is no reply.
    Raises TypeError where the handler does not fit, before anything is served, and where a
    practice could call it without end (ST-1).
    """
    name = handler.__name__
    body, reply, slots = annotated(handler)
    check_slots(f"{method} {path}", name, [*slots])
    if (body is Message) != (form is Form.MESSAGE):
        raise TypeError(f"{name}: a Message is what a route of Form.MESSAGE takes, and no other")
    if (body is Hook) != (form is Form.HOOK) or (form is Form.HOOK) != bool(signed_in):
        raise TypeError(f"{name}: a Hook is what a route of Form.HOOK takes, signed in a header")
    if reply is NoReply and status is not None:
        raise TypeError(f"{name} returns NoReply, which is told as 204: give no status")
    return Route(
        method=method,
        path=path,
        names={slot: names for slot, names in slots.items() if names is not None},
        name=name,
        summary=summary,
        guard=checked(guard, name, body),
        handler=handler,
        body=body,
        reply=reply,
        status=204 if reply is NoReply else status or 200,
        problems=problems,
        idempotent=idempotent,
        form=form,
        rows=rows,
        query=query,
        cached=cached,
        limits=limits,
        counts_on=bounded(name, counts_on, uncounted, of_a_practice=isinstance(guard, Practice)),
        uncounted=uncounted,
        signed_in=signed_in,
    )


def lifted(pick: Callable[[F], G], routes: Sequence[Route[G]]) -> tuple[Route[F], ...]:
    """Return a group's routes as the service's, each handler given what `pick` takes of all."""

    def lift(handler: Handler) -> Handler:
        return lambda features, call, **ids: handler(pick(features), call, **ids)

    every: Sequence[Route[Any]] = routes
    return tuple(replace(one, handler=lift(one.handler)) for one in every)


def annotated(
    handler: Callable[..., object],
) -> tuple[type[Body], type[Reply], Mapping[str, type[StrEnum] | None]]:
    """Read a handler's body, its reply, and what it takes of the path: ids (None), and names by
    their set. Raises TypeError.
    """
    name, hints = handler.__name__, get_type_hints(handler)
    given, *taken = [*signature(handler).parameters][1:] or [""]
    call, reply = hints.get(given), hints.get("return")
    body = get_args(call)[0] if get_origin(call) is Call else None
    if not is_a(body, Body):
        raise TypeError(f"{name}: annotate its second parameter as Call[its body, its caller]")
    if not is_a(reply, Reply):
        raise TypeError(f"{name}: annotate what it returns as a Reply, or as NoReply")
    return body, reply, {slot: names_of(name, slot, hints.get(slot)) for slot in taken}


def names_of(name: str, slot: str, kind: object) -> type[StrEnum] | None:
    """Return the closed set of names that a slot takes; None: it takes an id. Raises TypeError."""
    if is_a(kind, StrEnum):
        return kind
    if isinstance(kind, NewType) and kind.__supertype__ is UUID:
        return None
    raise TypeError(f"{name}: annotate {slot} as an id, like PatientId, or as a StrEnum")


def check_slots(path: str, name: str, taken: Sequence[str]) -> None:
    """Raise TypeError where the path has other slots than its handler takes."""
    slots = SLOT.findall(path)
    for slot in slots:
        if slot not in taken:
            raise TypeError(f"{path}: let {name} take {slot}, annotated as an id, like PatientId")
    for slot in taken:
        if slot not in slots:
            raise TypeError(f"{path} has no {{{slot}}}, which {name} takes")


def checked(guard: Guard[Any], name: str, body: type[Body]) -> AnyGuard:
    """Return the guard. Raises TypeError where it is none, or could let nobody in."""
    if not isinstance(guard, Public | Session | Client):
        raise TypeError(f"{name}: guard it by Public, Session, Client, Practice or Staff")
    if isinstance(guard, Client) and not any(guard.scope in held for held in SCOPES.values()):
        raise TypeError(f"{name}: shared/contracts/scopes.py gives no role the scope {guard.scope}")
    if isinstance(guard, Staff) and not issubclass(body, StaffBody):
        raise TypeError(f"{name} stands behind Staff: let its body extend StaffBody")
    if issubclass(body, StaffBody) and not isinstance(guard, Staff):
        raise TypeError(f"{name} takes a StaffBody: guard it by Staff, which puts both on record")
    return guard


def is_a(found: object, kind: type[K]) -> TypeGuard[type[K]]:
    return isinstance(found, type) and issubclass(found, kind)
