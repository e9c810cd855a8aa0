"""The tables of the services' READMEs are what the code says, and what it cannot say is said."""

import re
from pathlib import Path

import pytest

from deploy.readmes import rendered
from deploy.readmes.marks import MarkMissing, filled, notes, parts, table_of
from deploy.readmes.tables import TABLES
from shared.contracts.topology import SERVICES
from shared.trust.grants import Verb
from tests.architecture.test_programs import program
from tests.support.proof import ROOT

README = "before\n<!-- events: made by `make docs` -->\nold\n<!-- events: end -->\nafter\n"


def readme(service: str) -> str:
    return (Path(ROOT) / "services" / service / "README.md").read_text()


@pytest.mark.parametrize("service", SERVICES)
def test_the_tables_are_what_the_code_says(service: str) -> None:
    text = readme(service)

    assert rendered(program(service), text) == text, (
        f"services/{service}/README.md is of another day: run `make docs`"
    )


@pytest.mark.parametrize("name", [name for name in TABLES if name != "settings"])
@pytest.mark.parametrize("service", SERVICES)
def test_what_only_a_person_can_say_is_said(service: str, name: str) -> None:
    unsaid = [line for line in parts(readme(service), name).splitlines() if line.endswith("|  |")]

    assert not unsaid, f"services/{service}/README.md, {name}: say it in the last column"


def test_a_re_authentication_is_said_to_be_for_every_verb_there_is() -> None:
    [line] = re.findall(r"^\| `POST /account/reauthenticate` .*", readme("identity"), re.MULTILINE)
    _, _, verbs = line.partition("for one verb (SE-3): ")

    assert sorted(re.findall(r"`([a-z-]+)`", verbs)) == sorted(Verb)


def test_what_was_said_by_hand_stays_with_its_row_whatever_is_made_anew() -> None:
    table = table_of(("event", "when"), [("`a`", "always"), ("`b`, `c`", "never \\| seldom")])

    assert notes(table, 0) == {"a": "always", "b": "never \\| seldom", "c": "never \\| seldom"}


def test_only_what_stands_between_the_marks_is_written() -> None:
    made = filled(README, "events", "new")

    assert made == README.replace("old", "new")
    assert filled(made, "events", "new") == made


@pytest.mark.parametrize("lost", ["made by `make docs`", "end"])
def test_a_readme_without_a_place_for_a_table_is_told_where_it_belongs(lost: str) -> None:
    with pytest.raises(MarkMissing, match="<!-- events: made by `make docs` -->` and a line"):
        parts(README.replace(f"events: {lost}", ""), "events")
