"""A key makes a call one call: one effect and one reply, however often and at once it is sent."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.conformance.stage import Stage, audit_since_now, example, send
from tests.conformance.test_audit import OTHERWISE
from tests.conformance.verbs import Verb, those

KEY = "a-key-of-this-call"
SHOWN_ONCE = {
    "issue_enrolment_token": "its reply is a secret, which is kept nowhere",
    "make_temporary_credentials": "likewise",
    "issue_reset_token": "likewise",
}
#: what another call would say; a merge says other proofs each time
OTHER: Mapping[str, Mapping[str, Any]] = {
    "register_patient": {"first_name": "Marta"},
    "issue_enrolment_token": {"reason": "lost it"},
    "make_temporary_credentials": {"reason": "lost it"},
    "issue_reset_token": {"reason": "lost it"},
    "invite_patient": {"reason": "lost it"},
    "enrol": {"username": "maria.lopez"},
    "answer_security_questions": {"name": "nobody.at.all"},
    "add_practice_to_account": {"name": "MARIA.GARCIA"},
}

idempotent = pytest.mark.parametrize("verb", those(lambda verb: verb.route.idempotent))


@idempotent
async def test_sixteen_at_once_with_one_key_have_one_effect_and_one_reply(
    verb: Verb, stage: Stage
) -> None:
    keyed = replace(await example(stage, verb), key=KEY)
    audit = await audit_since_now(stage)

    answers = await asyncio.gather(*(send(stage, verb, keyed) for _ in range(16)))
    answers.append(await send(stage, verb, keyed))

    rows = await audit.rows("done")
    assert len(rows) == OTHERWISE.get(verb.name, (1, ""))[0]
    if verb.name in SHOWN_ONCE:
        assert Counter(answer.code for answer in answers) == {"": 1, "already_issued": 16}
    else:
        assert {answer.status for answer in answers} == {verb.route.status}
        assert len({str(answer.body) for answer in answers}) == 1


@idempotent
async def test_with_another_body_a_key_is_refused_and_nothing_is_done(
    verb: Verb, stage: Stage
) -> None:
    good = await example(stage, verb)
    assert (await send(stage, verb, replace(good, key=KEY))).status == verb.route.status
    changed = OTHER.get(verb.name)
    other = good.but(**changed) if changed else await example(stage, verb)
    audit = await audit_since_now(stage)

    answer = await send(stage, verb, replace(other, key=KEY))

    assert answer.refused() == (422, "idempotency_key_reused")
    assert await audit.rows("done") == []
