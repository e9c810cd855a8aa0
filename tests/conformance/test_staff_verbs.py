"""Who stands at the desk, and why, travels with every verb of staff (ST-1)."""

import pytest

from tests.conformance.stage import Stage, audit_since_now, example, send
from tests.conformance.verbs import Verb, those

pytestmark = pytest.mark.proves("ST-1", "AU-1")

STAFF = ("staff_id", "reason")
#: what is not seen, or turns what is seen
HIDDEN = (
    "nurse\u202e7",
    "nurse-7\u200b",
    "nurse\x9b7",
    "desk\u2028issued",
    "the \u2066desk",
)
BY_THE_SYSTEM = {
    "find_patients": "a practice's system looks its own records up, and changes nothing",
    "register_patient": "a practice's system enters its records by itself, before anybody asks",
    "submit_communication": "what happened in the practice's system is told, and nothing decided",
    "submit_communications": "the same, many at once",
}


def of_staff(verb: Verb) -> bool:
    return set(STAFF) <= set(verb.fields)


@pytest.mark.parametrize("verb", those(lambda verb: verb.of_a_practice and verb.writes))
def test_what_a_practice_does_is_done_by_somebody(verb: Verb) -> None:
    assert of_staff(verb) is (verb.name not in BY_THE_SYSTEM), (
        f"{verb.name} changes something for a practice: guard it by Staff, or say in BY_THE_SYSTEM "
        "why nobody at the desk decides it"
    )


@pytest.mark.parametrize("verb", those(of_staff))
async def test_nothing_is_done_without_a_staff_member_and_a_reason_and_both_are_kept(
    verb: Verb, stage: Stage
) -> None:
    good = await example(stage, verb)
    audit = await audit_since_now(stage)

    for field, *others in (("staff_id", "nurse-7@another"), ("reason",)):
        for wrong in (None, "", " \t", *others, *HIDDEN):
            answer = await send(stage, verb, good.but(**{field: wrong}))

            assert answer.refused() == (400, "body_invalid")
            [error] = answer.body["errors"]
            assert error["field"] == field
            assert wrong not in (*others, *HIDDEN) or error["code"] == "field_wrong_format"
    assert await audit.rows("done") == []

    await send(stage, verb, good.but(staff_id="clerk-4", reason="she asked for it"))

    rows = await audit.rows("done")
    assert rows
    for row in rows:
        assert (row["staff"], row["reason"]) == ("clerk-4", "she asked for it")
        assert row["actor"] == f"staff:clerk-4@{row['practice']}"
        assert row["client"]
