"""Who may call a verb is decided at its route, and who may not leaves a row (ST-1, AU-1)."""

from collections.abc import Awaitable, Callable

import pytest

from tests.conformance.stage import Stage, audit_since_now, example, send
from tests.conformance.verbs import Verb, those

pytestmark = pytest.mark.proves("ST-1", "AU-1", "V8.2.1", "V16.3.2")

FORBIDDEN = (403, "forbidden_scope")


async def is_refused(
    stage: Stage, verb: Verb, caller: Callable[[], Awaitable[str | None]]
) -> tuple[int, str]:
    """Send the verb's example as this caller, and find the refusal in the audit, as the verb's."""
    good = await example(stage, verb)
    token = await caller()
    audit = await audit_since_now(stage)

    answer = await send(stage, verb, good.by(token))

    [row] = await audit.rows("refused")
    assert row["action"] == verb.name
    assert row["detail"] == ("forbidden_scope" if token else "unauthenticated")
    assert (row["actor"] == "anonymous") is (token is None)
    return answer.refused()


async def nobody() -> None:
    return None


@pytest.mark.parametrize("verb", those(lambda verb: not verb.public))
async def test_who_shows_no_token_is_told_to(verb: Verb, stage: Stage) -> None:
    assert await is_refused(stage, verb, nobody) == (401, "unauthenticated")


@pytest.mark.parametrize("verb", those(lambda verb: verb.of_a_practice))
async def test_every_other_scope_does_not_do(verb: Verb, stage: Stage) -> None:
    async def narrow() -> str:
        return await stage.practice(without=verb.scope)

    assert await is_refused(stage, verb, narrow) == FORBIDDEN


@pytest.mark.parametrize("verb", those(lambda verb: verb.of_a_practice))
async def test_a_client_of_no_practice_reaches_none(verb: Verb, stage: Stage) -> None:
    assert await is_refused(stage, verb, stage.gateway) == FORBIDDEN


@pytest.mark.parametrize("verb", those(lambda verb: verb.of_a_client and not verb.of_a_practice))
async def test_a_practice_has_no_gateways_scope(verb: Verb, stage: Stage) -> None:
    assert await is_refused(stage, verb, stage.practice) == FORBIDDEN


@pytest.mark.parametrize("verb", those(lambda verb: verb.of_a_client))
async def test_a_person_is_no_client(verb: Verb, stage: Stage) -> None:
    assert await is_refused(stage, verb, stage.session) == FORBIDDEN


@pytest.mark.parametrize("verb", those(lambda verb: verb.of_a_person))
async def test_a_practice_is_no_person(verb: Verb, stage: Stage) -> None:
    assert await is_refused(stage, verb, stage.practice) == FORBIDDEN
