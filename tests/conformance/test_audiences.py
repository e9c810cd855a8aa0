"""A token for one service opens no verb of another (SE-4, RFC 8707)."""

import pytest

from shared.contracts.reach import Service
from tests.conformance.stage import Stage, example, send
from tests.conformance.verbs import Verb, those

pytestmark = pytest.mark.proves("SE-4", "V9.2.3")


@pytest.mark.parametrize("verb", those(lambda verb: not verb.public))
async def test_a_token_for_another_service_is_none_here(verb: Verb, stage: Stage) -> None:
    good = await example(stage, verb)

    for service in set(Service) - {verb.service}:
        token = await (stage.practice if verb.of_a_client else stage.session)(service=service)

        assert (await send(stage, verb, good.by(token))).refused() == (401, "unauthenticated")


@pytest.mark.parametrize("verb", those(lambda verb: verb.of_a_person))
async def test_a_token_for_this_service_is_as_good_as_one_for_all(verb: Verb, stage: Stage) -> None:
    good = await example(stage, verb)
    everywhere, here = await stage.session(), await stage.session(service=verb.service)

    told = [await send(stage, verb, good.by(token)) for token in (everywhere, here)]

    assert told[0].refused() == told[1].refused()
    assert told[0].status != 401
