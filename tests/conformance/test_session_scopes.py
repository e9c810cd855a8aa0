"""A session does what its scope says, at every verb of all four services (SE-4)."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

import pytest

from shared.contracts.reach import SessionScope
from shared.http.guards import Counted, Session
from shared.http.routes import NoBody, NoReply
from tests.conformance.verbs import NAMED, VERBS, Verb, those
from tests.support.shop import open_stall, path_of

pytestmark = pytest.mark.proves("SE-4", "V8.2.1")

OTHERS: Mapping[SessionScope, set[str]] = {
    # LG-3: the gate's own verbs, re-authenticate, read its account, verify an e-mail, log off
    SessionScope.GATES: {
        "answer_terms",
        "ask_for_second_step",
        "ask_to_reauthenticate",
        "change_password",
        "check_new_password",
        "claim_email",
        "end_session",
        "hear_questions",
        "read_account",
        "reauthenticate",
        "set_security_questions",
        "take_second_step",
        "verify_email",
    },
    # UN-4: reads settings, re-authenticates, adds a practice, logs off
    SessionScope.SETTINGS: {
        "add_practice",
        "ask_to_reauthenticate",
        "end_session",
        "read_account",
        "reauthenticate",
    },
}


def scopes(verb: Verb) -> tuple[SessionScope, ...]:
    """The sessions that the verb's route takes."""
    guard = verb.route.guard
    return guard.scopes if isinstance(guard, Session) else ()


async def reached(*_: object, **__: object) -> NoReply:
    """Stand for the verb's own work."""
    return NoReply()


@pytest.mark.parametrize("scope", SessionScope)
@pytest.mark.parametrize("verb", those(lambda verb: verb.of_a_person))
async def test_a_verb_takes_the_sessions_that_its_route_names_and_no_other(
    verb: Verb, scope: SessionScope
) -> None:
    assert isinstance(verb.route.guard, Session)
    guard = replace(verb.route.guard, counted=Counted.NOTHING)  # counting needs a database
    route = replace(verb.route, guard=guard, handler=reached, body=NoBody)
    async with open_stall(routes=[route]) as stall:
        response = await stall.client.request(
            route.method,
            path_of(route, str(UUID(int=10))),
            headers={"Authorization": f"Bearer {scope}"},
        )
        told = await response.text()

    if scope in guard.scopes:
        assert response.status == route.status, told
    else:
        assert response.status == 403
        assert '"code":"session_scope_missing"' in told


@pytest.mark.parametrize("scope", OTHERS)
def test_a_session_that_is_not_full_reaches_what_its_row_says(scope: SessionScope) -> None:
    assert {verb.name for verb in VERBS if scope in scopes(verb)} == OTHERS[scope]
    assert OTHERS[scope] <= set(NAMED)


@pytest.mark.parametrize("verb", those(lambda verb: verb.of_a_person))
def test_a_full_session_reaches_every_verb_of_a_person(verb: Verb) -> None:
    assert SessionScope.FULL in scopes(verb)
