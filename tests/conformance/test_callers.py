"""Who may call a verb is decided at its route, and who may not leaves a row (ST-1, AU-1)."""

from collections.abc import AsyncIterator

import pytest

from tests.conformance.stage import Stage, audit_since_now, example, send
from tests.conformance.verbs import Verb, those

pytestmark = pytest.mark.proves("ST-1", "AU-1", "V8.2.1", "V16.3.2")


async def others(stage: Stage, verb: Verb) -> AsyncIterator[tuple[str, str | None]]:
    """Everybody who may not call the verb, with a token each."""
    yield "nobody", None
    if verb.of_a_person:
        yield "a practice with every scope", await stage.practice()
        return
    yield "a person", await stage.session()
    if verb.of_a_practice:
        yield "its practice with every other scope", await stage.practice(without=verb.scope)
        yield "a client of no practice", await stage.gateway()
    else:
        yield "a practice with every scope of one", await stage.practice(without=verb.scope)


@pytest.mark.parametrize("verb", those(lambda verb: not verb.public))
async def test_who_may_not_call_is_told_so_and_leaves_a_row(verb: Verb, stage: Stage) -> None:
    good = await example(stage, verb)

    async for who, token in others(stage, verb):
        audit = await audit_since_now(stage)

        answer = await send(stage, verb, good.by(token))

        expected = (403, "forbidden_scope") if token else (401, "unauthenticated")
        assert answer.refused() == expected, who
        assert await audit.rows("done") == [], who
        [row] = await audit.rows("refused")
        assert (row["action"], row["detail"]) == (verb.name, answer.code), who
        assert (row["actor"] == "anonymous") is (token is None), who
    assert (await send(stage, verb, good)).status == verb.route.status
