"""The README's promises: each is shown by tests that are there."""

import ast
import re

import pytest

from shared.contracts.topology import SERVICES
from tests.architecture.test_doors import product
from tests.architecture.test_programs import program
from tests.support.proof import ROOT

NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
ROW = re.compile(r"^\| (?P<promise>[^|]+) \| (?P<tests>[^|]+) \|$")
PASSWORDS = re.compile("password")


def promises() -> dict[str, list[tuple[str, str]]]:
    """Read the table under the heading: each promise with the tests it names."""
    readme = (ROOT / "README.md").read_text()
    table = readme.partition("### Promises\n")[2].partition("\n## ")[0]
    rows = [found for line in table.splitlines() if (found := ROW.match(line))]
    return {row["promise"]: NAMED.findall(row["tests"]) for row in rows[2:]}


PROMISES = promises()


def test_there_are_promises() -> None:
    assert len(PROMISES) > 20


@pytest.mark.parametrize("promise", PROMISES)
def test_a_promise_is_shown_by_tests_that_are_there(promise: str) -> None:
    assert PROMISES[promise]
    for file, test in PROMISES[promise]:
        tree = ast.parse((ROOT / file).read_text())
        there = {
            node.name
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert test in there, f"{file} has no {test}"


@pytest.mark.parametrize("service", [service for service in SERVICES if service != "identity"])
def test_only_identity_is_sent_a_password(service: str) -> None:
    fields = {field for route in program(service).routes for field in route.body.__struct_fields__}

    assert not [field for field in fields if PASSWORDS.search(field)]


def test_nothing_is_called_over_http_but_the_brokers_management() -> None:
    """And the provider of text messages, as the mail server is spoken to by SMTP."""
    callers = {
        str(path.relative_to(ROOT))
        for path in product()
        if re.search(r"ClientSession|urlopen|http\.client\b", path.read_text())
    }

    assert callers == {
        "services/notify/sending/channels/twilio.py",
        "shared/messaging/management.py",
    }
