"""The four tables against the roles of clients: every verb lets somebody in, no scope is left over.

What one line can say wrong is refused where it is made: tests/unit/shared/test_route_line.py.
"""

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from services.recovery.usernames.api.reminders import RemindUsername
from shared.contracts.scopes import SCOPES, Role, Scope
from shared.contracts.topology import SERVICES
from shared.http import parsing
from shared.http.guards import Client, Practice, Public, Session
from shared.http.routes import Body, Route

OF_NO_ROLE: Any = "birds:ring"


def table(service: str) -> Sequence[Route[Any]]:
    routes: Sequence[Route[Any]] = importlib.import_module(f"services.{service}.routes").ROUTES
    return routes


def complaints(routes: Sequence[Route[Any]]) -> Iterator[str]:
    """What a reviewer of the tables would say, one sentence a finding."""
    asked = set()
    for route in routes:
        guard: object = route.guard
        if not isinstance(guard, Public | Session | Client):
            yield f"{route.name} has no guard: who may call it?"
        elif isinstance(guard, Client):
            asked.add(guard.scope)
            roles = [Role.PRACTICE] if isinstance(guard, Practice) else list(Role)
            if not any(guard.scope in SCOPES[role] for role in roles):
                yield f"{route.name} lets nobody in: none of {roles} has {guard.scope}"
    for scope in sorted(set(Scope) - asked):
        yield f"no verb asks for {scope}: take it out of shared/contracts/scopes.py"


def every() -> list[Route[Any]]:
    return [route for service in SERVICES for route in table(service)]


def test_every_verb_lets_somebody_in_and_every_scope_is_asked_for() -> None:
    assert list(complaints(every())) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"guard": None}, "unlock_account has no guard: who may call it?"),
        ({"guard": Practice(OF_NO_ROLE)}, "unlock_account lets nobody in"),
        ({"guard": Practice(Scope.INTROSPECT)}, "unlock_account lets nobody in"),
        ({"guard": Session()}, "no verb asks for accounts:unlock"),
    ],
)
def test_a_table_that_does_not_fit_is_told_in_a_sentence(
    change: dict[str, Any], complaint: str
) -> None:
    routes = [
        replace(route, **change) if route.name == "unlock_account" else route for route in every()
    ]

    assert any(complaint in said for said in complaints(routes))


def bodies(kind: type[Body] = Body) -> Iterator[type[Body]]:
    """What a verb or a row of a bulk is sent as, in any service."""
    for below in kind.__subclasses__():
        if below.__module__.startswith("services."):
            yield below
        yield from bodies(below)


def test_a_date_of_birth_that_is_none_has_its_own_code_in_every_body() -> None:
    sent = [
        (kind, field.name)
        for kind in bodies()
        for field in msgspec.structs.fields(kind)
        if field.name == "birth_date" and kind is not RemindUsername  # it reads two ways itself
    ]

    assert len(sent) > 9
    assert [
        (kind.__name__, name) for kind, name in sent if name not in parsing.own_refusals(kind)
    ] == []


@pytest.mark.parametrize("route", every(), ids=lambda route: route.name)
def test_what_a_field_of_its_body_is_refused_as_is_among_a_routes_problems(
    route: Route[Any],
) -> None:
    assert set(parsing.own_refusals(route.body).values()) <= set(route.problems)


def test_no_client_is_both_a_practices_and_a_gateways() -> None:
    """A gateway stands before all practices: what one practice may do, it may not."""
    assert not SCOPES[Role.PRACTICE] & SCOPES[Role.GATEWAY]
    assert set(SCOPES) == set(Role)
