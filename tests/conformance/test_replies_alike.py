"""No reply tells what exists: misses are told alike, whatever they missed by (LG-1, LG-4, RC-3)."""

from collections.abc import Sequence

import pytest

from shared.http.guards import Counted
from tests.conformance.misses import MISSES, NOTHING_TO_GUESS
from tests.conformance.refusals import Recipe
from tests.conformance.stage import Stage, send
from tests.conformance.verbs import NAMED, VERBS, Verb

pytestmark = pytest.mark.proves("LG-4", "V6.3.8")

GROUPS = [
    pytest.param(NAMED[name], group, id=f"{name}-{number}")
    for name, groups in MISSES.items()
    for number, group in enumerate(groups)
]


@pytest.mark.parametrize(
    "verb",
    [
        pytest.param(verb, id=verb.name)
        for verb in VERBS
        if verb.route.guard.counted in (Counted.REFUSALS, Counted.MISSES)
    ],
)
def test_what_can_be_guessed_at_a_verb_is_guessed_here(verb: Verb) -> None:
    assert verb.name in MISSES or verb.name in NOTHING_TO_GUESS, (
        f"{verb.name} counts what is guessed at it: add the guesses that miss to MISSES in "
        "tests/conformance/misses.py, or say in NOTHING_TO_GUESS why there are none"
    )


@pytest.mark.parametrize(("verb", "group"), GROUPS)
async def test_every_miss_is_told_alike(verb: Verb, stage: Stage, group: Sequence[Recipe]) -> None:
    answers = [await send(stage, verb, await make(stage)) for make in group]

    assert answers[0].status >= 400
    for answer in answers:
        assert answer.alike() == answers[0].alike()
