"""The saga's rule, and that the README's diagram and table say the same (MG-9)."""

import re
from itertools import chain, combinations
from pathlib import Path

import pytest

import services.merge
from services.merge.saga.model import ENDED, Applier, Progress, Reason, State
from shared.contracts.identity import MergeRefusal, ReviewRefusal

pytestmark = pytest.mark.proves("MG-2", "MG-9")
README = (Path(services.merge.__file__).parent / "README.md").read_text()
SETS = [
    frozenset(some)
    for some in chain.from_iterable(combinations(Applier, number) for number in range(4))
]


def begun() -> set[State]:
    """The states in which a request is accepted: it matches, or practices decide."""
    return {Progress().state, Progress(under_review=True).state}


def steps() -> set[tuple[State, State]]:
    """Every change of state that one more fact may bring."""
    found = {(Progress(under_review=True).state, Progress().state)}  # approved
    for applied in SETS:
        before = Progress(applied=applied)
        found |= {(before.state, Progress(applied=applied | {one}).state) for one in before.awaited}
    for before in (Progress(), Progress(under_review=True)):
        found.add((before.state, Progress(refusal=Reason.PROOF_STALE).state))
    return found


def test_the_diagram_has_every_step_and_no_other() -> None:
    drawn = re.search(r"```mermaid\nstateDiagram-v2\n(.*?)```", README, re.DOTALL)
    assert drawn is not None
    names = {"under_review": "under-review"}
    arrows = {
        (names.get(before, before), names.get(after, after))
        for before, after in re.findall(r"(\[\*\]|\w+) --> (\[\*\]|\w+)", drawn[1])
    }

    assert arrows == {
        *steps(),
        *(("[*]", state) for state in begun()),
        *((state, "[*]") for state in ENDED),
    }


def test_the_table_has_every_state() -> None:
    table = README[README.index("| state | accounts-merged") :].split("\n\n")[0]
    rows = [line.split("|")[1].strip() for line in table.splitlines()[2:]]

    assert rows == [*State, "no such merge"]


def test_every_reason_of_identity_and_of_a_review_can_be_told() -> None:
    assert {*Reason} == {*MergeRefusal, *ReviewRefusal}


def test_what_is_under_review_says_why() -> None:
    assert Progress(under_review=True).reason == "merge_person_mismatch"
    refused = Progress(under_review=True, refusal=Reason.GRANT_INVALID)  # by a release before
    assert (refused.state, refused.reason) == (State.REFUSED, "grant_invalid")
