"""What was done leaves a row, and what was refused leaves one (AU-1)."""

import pytest

from tests.conformance.stage import Stage, audit_since_now, example, send
from tests.conformance.verbs import Verb, those

pytestmark = pytest.mark.proves("AU-1", "V16.3.1")

OTHERWISE = {  # how many rows, and why not one
    "check_password": (0, "nothing is done, and a candidate is nobody's yet"),
    "refresh_session": (0, "once in five minutes of every session; its log-on and its end are"),
    "introspect_token": (0, "a gateway asks with every request of a person's"),
    "remind_username": (0, "accepted alike whether there is an account or none"),
    "request_reset_link": (0, "accepted alike whether there is an account or none"),
    "request_merge": (2, "one an account"),
    "read_notice": (0, "her own, as often as she likes"),
    "dismiss_notice": (0, "her own, as often as she likes"),
}


@pytest.mark.parametrize("verb", those(lambda verb: verb.writes))
async def test_what_is_done_leaves_a_row(verb: Verb, stage: Stage) -> None:
    good = await example(stage, verb)
    audit = await audit_since_now(stage)

    await send(stage, verb, good)

    rows = await audit.rows("done")
    count, _ = OTHERWISE.get(verb.name, (1, ""))
    assert len(rows) == count, (
        f"{verb.name}: record what was done in its transaction, or say in OTHERWISE why not"
    )
    assert len({row["actor"] for row in rows}) <= 1
