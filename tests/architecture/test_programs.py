"""The four programs against their READMEs: endpoints, settings, what they publish and consume."""

import ast
import importlib
import re
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.topology import QUEUES, SERVICES
from shared.http.guards import Client, Public, Session
from shared.runtime import Program
from shared.settings import describe
from tests.support.proof import ROOT


def program(service: str) -> Program[Any, Any]:
    module = importlib.import_module(f"services.{service}.__main__")
    found: Program[Any, Any] = module.PROGRAM
    return found


def readme(service: str) -> str:
    return (Path(ROOT) / "services" / service / "README.md").read_text()


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_has_a_guard_and_a_summary(service: str) -> None:
    for route in program(service).routes:
        assert isinstance(route.guard, Public | Session | Client), route.path
        assert route.summary, route.path


@pytest.mark.parametrize("service", SERVICES)
def test_the_readme_lists_exactly_the_endpoints(service: str) -> None:
    told = set(re.findall(r"`((?:GET|POST|PUT|PATCH|DELETE) /[^`]*)`", readme(service)))

    assert told == {f"{route.method} {route.path}" for route in program(service).routes}


@pytest.mark.parametrize("service", SERVICES)
def test_the_readme_lists_exactly_the_settings(service: str) -> None:
    told = set(re.findall(r"`(PORTICO_[A-Z_]+)`", readme(service)))

    assert told == {row.name for row in describe(program(service).settings)}


@pytest.mark.parametrize("service", SERVICES)
def test_the_readme_names_every_queue_and_every_event_it_consumes(service: str) -> None:
    text = readme(service)

    for queue in QUEUES:
        if queue.service == service:
            assert f"`{queue.name}`" in text
            for contract in queue.contracts:
                assert f"`{contract.routing_key}`" in text, contract.routing_key


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_service_audits_is_its_enum_and_nothing_of_that_is_of_the_past(service: str) -> None:
    folder = Path(ROOT) / "services" / service
    trees = [ast.parse(path.read_text()) for path in folder.rglob("*.py")]
    named = {
        node.attr
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Action"
    }
    # What is not in the enum is an error of types: begin() and record() take an Action alone.
    assert named == set(program(service).actions.__members__)


def test_a_verb_has_one_name_in_all_services() -> None:
    names = [route.name for service in SERVICES for route in program(service).routes]

    assert sorted(names) == sorted(set(names))
