"""Each verb has an example, and the example does what the verb is for."""

import pytest

from tests.conformance.stage import Stage, example, example_of, send
from tests.conformance.verbs import VERBS, Verb, those


def test_every_verb_has_an_example() -> None:
    for verb in VERBS:
        assert example_of(verb), (
            f"{verb.name} is tried by no conformance suite: write an example of it, a function of "
            f"that name, in tests/conformance/examples/{verb.service}.py"
        )


@pytest.mark.parametrize("verb", those(lambda verb: True))
async def test_the_example_does_what_its_verb_is_for(verb: Verb, stage: Stage) -> None:
    answer = await send(stage, verb, await example(stage, verb))

    assert answer.status == verb.route.status, answer.body
