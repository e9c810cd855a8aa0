"""Every verb of every service, and what its route says that it owes."""

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from shared.contracts.topology import SERVICES
from shared.http.guards import Client, Practice, Public, Session
from shared.http.routes import SLOT, Route
from shared.program.program import Program


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """A route and whose it is."""

    service: str
    route: Route[Any]

    @property
    def name(self) -> str:
        return self.route.name

    @property
    def of_a_client(self) -> bool:
        return isinstance(self.route.guard, Client)

    @property
    def of_a_practice(self) -> bool:
        """Whether the client must be a practice's."""
        return isinstance(self.route.guard, Practice)

    @property
    def of_a_person(self) -> bool:
        return isinstance(self.route.guard, Session)

    @property
    def public(self) -> bool:
        return isinstance(self.route.guard, Public)

    @property
    def scope(self) -> str:
        assert isinstance(self.route.guard, Client)
        return self.route.guard.scope

    @property
    def writes(self) -> bool:
        return self.route.method != "GET"

    @property
    def has_an_id(self) -> bool:
        """Whether its path names something that could be another's."""
        return len(SLOT.findall(self.route.path)) > len(self.route.names)

    @property
    def fields(self) -> tuple[str, ...]:
        return self.route.body.__struct_fields__


def program(service: str) -> Program[Any, Any]:
    """Return a service as data."""
    found: Program[Any, Any] = importlib.import_module(f"services.{service}.__main__").PROGRAM
    return found


VERBS = tuple(
    Verb(service=service, route=route) for service in SERVICES for route in program(service).routes
)
SCOPES = frozenset(verb.scope for verb in VERBS if verb.of_a_client)
NAMED = {verb.name: verb for verb in VERBS}


def those(which: Callable[[Verb], bool]) -> Iterable[Any]:
    """Return the verbs of which this holds, as parameters."""
    return [pytest.param(verb, id=verb.name) for verb in VERBS if which(verb)]
