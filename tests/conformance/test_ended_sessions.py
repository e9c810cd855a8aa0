"""A session that ends once a verb's guard has looked changes nothing at identity (SE-1).

The guard looks before the act holds its account, and a slow hash may lie between: whoever's session
its holder ends meanwhile, and says so, must not get anything of it.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import jwt
import pytest

from services.identity.sessions.model import SessionEnd
from shared.acts import Act, Acts
from tests.conformance.examples.identity import IdentityStage
from tests.conformance.stage import example, send
from tests.conformance.verbs import Verb, those
from tests.support.tables import everything

pytestmark = pytest.mark.proves("SE-1")
WRITES_NOTHING = "it writes nothing"
KEPT_OF_REFUSALS = ("audit", "limits", "source")
SESSIONS = """
    SELECT (to_jsonb(s) - 'ended_at' - 'ended_by')::text AS it FROM sessions s ORDER BY 1
"""
OTHERWISE: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "ask_for_second_step",
            "ask_for_new_passkey",
            "ask_to_reauthenticate",
            "ask_to_prove_ownership",
            "check_new_password",
        ),
        WRITES_NOTHING,
    ),
    "hear_questions": "recovery has set them by then, and told so on the bus as well",
    "prove_ownership": "a grant of that session alone, which asks for no merge any more",
    "end_session": "it has ended",
}


@pytest.mark.parametrize(
    "verb", those(lambda verb: verb.service == "identity" and verb.of_a_person and verb.writes)
)
async def test_a_session_that_ends_between_the_guard_and_the_act_changes_nothing(
    verb: Verb, stage: IdentityStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = await example(stage, verb)
    assert good.token is not None
    session_id = jwt.decode(good.token, options={"verify_signature": False})["sid"]
    begin = Acts.begin
    ended: list[str] = []

    @asynccontextmanager
    async def begin_meanwhile(self: Acts, *said: Any, **about: Any) -> AsyncIterator[Act]:
        if not ended:
            ended.append(session_id)
            await stage.replica.rows(
                "UPDATE sessions SET ended_at = $2, ended_by = $3 WHERE id = $1 RETURNING id",
                session_id,
                stage.replica.clock.now(),
                SessionEnd.HOLDER,
            )
        async with begin(self, *said, **about) as act:
            yield act

    monkeypatch.setattr(Acts, "begin", begin_meanwhile)
    await stage.replica.rows("DELETE FROM outbox")
    before = await contents(stage)

    answer = await send(stage, verb, good)

    why = OTHERWISE.get(verb.name)
    if why not in (None, WRITES_NOTHING):
        assert answer.status == verb.route.status, (answer.body, why)
        return
    assert await contents(stage) == before
    if why == WRITES_NOTHING:
        assert (answer.status, ended) == (verb.route.status, [])
    else:
        assert ended, "no act was begun: say in OTHERWISE why, or hold the session"
        assert answer.refused() == (401, "unauthenticated")


async def contents(stage: IdentityStage) -> Mapping[str, Sequence[str]]:
    """All that identity keeps, but that the session has ended, and what is counted and audited of
    a refusal too.
    """
    found = await everything(stage.replica.rows)
    assert {"accounts", "sessions", "log_on_names"} <= found.keys()
    found["sessions"] = [row["it"] for row in await stage.replica.rows(SESSIONS)]
    return {name: rows for name, rows in found.items() if not name.startswith(KEPT_OF_REFUSALS)}
