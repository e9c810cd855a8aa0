"""The four programs: their routes, of which each has a guard, and their verbs' names."""

import ast
import importlib
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.topology import SERVICES
from shared.http.guards import Client, Public, Session
from shared.program.program import Program
from tests.support.proof import ROOT


def program(service: str) -> Program[Any, Any]:
    module = importlib.import_module(f"services.{service}.__main__")
    found: Program[Any, Any] = module.PROGRAM
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_has_a_guard_and_a_summary(service: str) -> None:
    for route in program(service).routes:
        assert isinstance(route.guard, Public | Session | Client), route.path
        assert route.summary, route.path


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
