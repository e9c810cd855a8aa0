"""Each verb has an example, on which every suite tries what it owes."""

from tests.conformance.stage import example_of
from tests.conformance.verbs import VERBS


def test_every_verb_has_an_example() -> None:
    for verb in VERBS:
        assert example_of(verb), (
            f"{verb.name} is tried by no conformance suite: write an example of it, a function of "
            f"that name, in tests/conformance/examples/{verb.service}.py"
        )
