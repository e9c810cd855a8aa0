"""Accepted first, worked at later: hit and miss leave the same behind, and nobody is mailed yet."""

import pytest

from shared.http.guards import Counted
from tests.conformance.misses import ACCEPTED
from tests.conformance.refusals import Recipe
from tests.conformance.stage import Stage, send
from tests.conformance.verbs import NAMED, VERBS, Verb
from tests.support.tables import everything

pytestmark = pytest.mark.proves("LG-4")


@pytest.mark.parametrize(
    "verb",
    [
        pytest.param(verb, id=verb.name)
        for verb in VERBS
        if verb.route.guard.counted is Counted.EVERY_REQUEST
    ],
)
def test_a_verb_that_always_answers_alike_is_tried_with_hit_and_miss(verb: Verb) -> None:
    assert verb.name in ACCEPTED, (
        f"{verb.name} answers hit and miss alike: add one of each to ACCEPTED in "
        "tests/conformance/misses.py"
    )


async def counts(stage: Stage) -> dict[str, int]:
    """How many rows each of the service's tables has."""
    return {name: len(rows) for name, rows in (await everything(stage.replica.rows)).items()}


@pytest.mark.parametrize(
    ("verb", "hit", "miss"),
    [pytest.param(NAMED[name], *pair, id=name) for name, pair in ACCEPTED.items()],
)
async def test_hit_and_miss_are_answered_alike_and_leave_the_same(
    verb: Verb, stage: Stage, hit: Recipe, miss: Recipe
) -> None:
    answers, left = [], []
    for make in (hit, miss):
        example = await make(stage)
        before = await counts(stage)
        answers.append(await send(stage, verb, example))
        after = await counts(stage)
        left.append({name: after[name] - before[name] for name in after})

    assert answers[0].status == verb.route.status
    assert answers[1].alike() == answers[0].alike()
    assert left[0] == left[1]
    assert any(left[0].values())
