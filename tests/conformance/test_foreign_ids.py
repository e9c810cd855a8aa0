"""What is another's is as unknown as what is nobody's (ST-1, SE-1)."""

import pytest

from shared.randomness import Randomness
from tests.conformance.stage import Stage, example, send
from tests.conformance.verbs import Verb, those

pytestmark = pytest.mark.proves("ST-1", "SE-1", "V8.2.2", "V8.4.1")


@pytest.mark.parametrize("verb", those(lambda verb: verb.has_an_id))
async def test_anothers_is_as_unknown_as_nobodys(verb: Verb, stage: Stage) -> None:
    good = await example(stage, verb)
    [name] = good.path
    foreign = await (stage.session() if verb.of_a_person else stage.another_practice())
    unknown = good.at(**{name: Randomness().uuid()})

    answers = [
        await send(stage, verb, good.by(foreign)),
        await send(stage, verb, unknown.by(foreign)),
        await send(stage, verb, unknown),
    ]

    assert {answer.refused() for answer in answers} == {(404, "not_found")}
    assert all(answer.alike() == answers[0].alike() for answer in answers)
    assert (await send(stage, verb, good)).status == verb.route.status  # nothing was changed
