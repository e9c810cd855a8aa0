"""What is told of guesses adds up on their source, at every verb where something counts (LG-4)."""

import pytest

from shared.http.guards import Counted
from tests.conformance.misses import ACCEPTED, MISSES
from tests.conformance.refusals import Elsewhere, Recipe, refusals_of
from tests.conformance.stage import Stage, example, send
from tests.conformance.verbs import NAMED, VERBS, Verb, those

pytestmark = pytest.mark.proves("LG-4")

BUDGET, SOURCE = 50, "198.51.100.7"
#: MISSES, where a secret is beyond guessing; REFUSALS, where something can be guessed, or a hash is
#: computed before anything is known; EVERY_REQUEST, where a mail may be sent for hit and miss alike
COUNTED = {
    Counted.EVERY_REQUEST: {
        *("remind_username", "request_enrolment", "request_reset_link"),
        "begin_validation",
    },
    Counted.MISSES: {
        *("obtain_client_token", "redeem_reset_link", "refresh_session"),
        "answer_validation",  # each guess costs a question, which has counted
        *("reset_password", "verify_email", "verify_notification_address"),
        *("take_text_answer", "take_text_receipt"),
        "freeze_account",
        *("preview_unsubscription", "unsubscribe"),
        "log_on_by_passkey",
    },
    Counted.REFUSALS: {
        *(
            "add_practice",
            "add_practice_to_account",
            "enrol",
            "log_on",
            "prove_enrolment",
            "prove_ownership",
        ),
        *("prove_ownership", "reauthenticate", "request_merge", "take_second_step"),
        "answer_security_questions",
        "redeem_reset_token",
    },
}


SPENT = {"log_on_by_passkey"}
"""A miss spends its ceremony, and sent again counts nothing: fifty of them are in
tests/integration/identity/test_passkeys.py."""


def counted(*kinds: Counted) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "verb", those(lambda verb: verb.route.guard.counted in kinds and verb.name not in SPENT)
    )


@pytest.mark.parametrize("kind", Counted)
def test_what_counts_at_a_verb_is_what_can_be_guessed_there(kind: Counted) -> None:
    counted = {verb.name for verb in VERBS if verb.route.guard.counted is kind}

    assert counted == COUNTED.get(kind, set(NAMED) - set().union(*COUNTED.values()))


def a_miss(verb: Verb) -> Recipe:
    """A guess that is wrong; where nothing can be guessed, whatever is refused."""
    groups = MISSES.get(verb.name)
    made = groups[0] if groups else refusals_of(verb).values()
    return next(recipe for recipe in made if not isinstance(recipe, Elsewhere))


@counted(Counted.REFUSALS, Counted.MISSES)
async def test_past_fifty_misses_a_guess_is_told_nothing_and_a_secret_beyond_guessing_all(
    verb: Verb, stage: Stage
) -> None:
    miss = await a_miss(verb)(stage)
    if verb.service == "recovery":
        stage.replica.clock.advance(minutes=1)  # that much lies between two mails
    good = await example(stage, verb)

    told = [await send(stage, verb, miss, source=SOURCE) for _ in range(BUDGET)]
    over = await send(stage, verb, miss, source=SOURCE)
    hit = await send(stage, verb, good, source=SOURCE)

    assert 429 not in {answer.status for answer in told}
    assert over.status == 429
    if verb.route.guard.counted is Counted.MISSES:
        assert hit.status == verb.route.status
    else:
        assert over.code == "too_many_requests"
        assert hit.alike() == over.alike()
        assert (await send(stage, verb, good)).status == verb.route.status


@counted(Counted.EVERY_REQUEST)
@pytest.mark.parametrize("which", [0, 1], ids=["hit", "miss"])
async def test_past_fifty_requests_that_are_answered_alike_hit_and_miss_are_told_nothing(
    verb: Verb, stage: Stage, which: int
) -> None:
    asked = [await make(stage) for make in ACCEPTED[verb.name]]

    told = [await send(stage, verb, asked[which], source=SOURCE) for _ in range(BUDGET)]
    over = [await send(stage, verb, one, source=SOURCE) for one in asked]

    assert {answer.status for answer in told} == {verb.route.status}
    assert [answer.refused() for answer in over] == [(429, "too_many_requests")] * 2
    assert over[0].alike() == over[1].alike()


@counted(Counted.REFUSALS)
async def test_what_succeeds_counts_nothing(verb: Verb, stage: Stage) -> None:
    miss = await a_miss(verb)(stage)
    await send(stage, verb, await example(stage, verb), source=SOURCE)

    told = [await send(stage, verb, miss, source=SOURCE) for _ in range(BUDGET)]

    assert 429 not in {answer.status for answer in told}
