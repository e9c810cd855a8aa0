"""What a token reaches: what its session may do, and at which service it is good (SE-4, SE-3)."""

from datetime import datetime
from importlib.resources import files
from typing import Any
from uuid import UUID

import pytest
from multidict import MultiDict

from services.identity.routes import ROUTES
from shared.contracts.reach import Service, SessionScope
from shared.http.guards import Session
from shared.http.routes import NoBody
from tests.rigs.identity import PASSWORD, Identity, Recovery
from tests.rigs.replica import Answer
from tests.support.shop import path_of
from tests.support.trust import ISSUER

pytestmark = pytest.mark.proves("SE-4")
EVERYWHERE = "portico"


async def logged_on(identity: Identity, **more: Any) -> dict[str, Any]:
    person = await identity.an_account()
    body = {"name": person.username, "password": PASSWORD, **more}
    answer = await identity.call("POST", "/sessions", body)
    assert answer.status == 201
    return dict(answer.body)


async def refreshed(identity: Identity, session: dict[str, Any], **more: Any) -> Answer:
    body = {"refresh_token": session["refresh_token"], **more}
    return await identity.call("POST", "/sessions/refresh", body)


async def a_session(identity: Identity, name: str, scope: SessionScope) -> dict[str, Any]:
    """A session of this account that may do no more than this."""
    if scope is SessionScope.GATES:
        await identity.publish_terms("2026-02")
    else:
        await identity.rows("UPDATE enrolments SET state = 'un-enrolled'")
    return await identity.logged_on(name)


# ---- what a session may do


@pytest.mark.proves("SE-3")
async def test_introspection_says_what_a_session_may_do_and_when_a_password_was_given(
    identity: Identity,
) -> None:
    began = int(identity.clock.now().timestamp())
    session = await logged_on(identity)
    identity.clock.advance(minutes=4)

    again = (await refreshed(identity, session)).body

    for tokens in (session, again):
        told = await identity.introspected(tokens["access_token"])
        assert (told["scope"], told["auth_time"], told["aud"]) == ("full", began, EVERYWHERE)


@pytest.mark.parametrize("scope", [SessionScope.GATES, SessionScope.SETTINGS])
async def test_a_session_says_its_scope_in_its_token_and_is_held_to_it(
    identity: Identity, scope: SessionScope
) -> None:
    person = await identity.an_account()
    other = (await identity.log_on(person.username)).body["session_id"]
    session = await a_session(identity, person.username, scope)
    token = session["access_token"]

    read = await identity.call("GET", "/account", token=token)
    listed = await identity.call("GET", "/sessions", token=token)
    told = await identity.introspected(token)
    beside = await identity.call("DELETE", f"/sessions/{other}", token=token)
    off = await identity.call("DELETE", f"/sessions/{session['session_id']}", token=token)

    assert (read.status, off.status) == (200, 204)
    assert (listed.status, listed.code) == (403, "session_scope_missing")
    assert (beside.status, beside.code) == (403, "session_scope_missing")
    assert "refresh" in listed.body["hint"]
    assert told["scope"] == scope
    [row] = await identity.rows("SELECT * FROM audit_entries WHERE action = 'list_sessions'")
    assert (row["outcome"], row["detail"]) == ("refused", "session_scope_missing")


async def test_sessions_of_before_are_full_and_of_when_they_began(identity: Identity) -> None:
    session = await logged_on(identity)
    file = files("services.identity") / "migrations" / "0012_reach.sql"
    async with identity.database.connection("identity_migration") as owner:
        await owner.execute("ALTER TABLE sessions DROP COLUMN scope, DROP COLUMN auth_time")
        await owner.execute(file.read_text())

    [row] = await identity.rows("SELECT scope, auth_time, started_at FROM sessions")
    assert (row["scope"], row["auth_time"]) == ("full", row["started_at"])
    assert isinstance(row["auth_time"], datetime)
    answer = await refreshed(identity, session)
    assert (await identity.introspected(answer.body["access_token"]))["scope"] == "full"


@pytest.mark.proves("LG-3", "UN-4")
@pytest.mark.parametrize("scope", [SessionScope.GATES, SessionScope.SETTINGS])
async def test_a_session_that_is_not_full_reaches_no_verb_but_those_that_are_for_it(
    identity: Identity, scope: SessionScope
) -> None:
    person = await identity.an_account()
    token = (await a_session(identity, person.username, scope))["access_token"]
    of_persons = [route for route in ROUTES if isinstance(route.guard, Session)]
    refused: set[str] = set()
    taken: set[str] = set()

    for route in of_persons:
        path = path_of(route, str(UUID(int=7)))
        body: dict[str, Any] | None = None if route.body is NoBody else {}
        answer = await identity.call(route.method, path, body, token=token)
        told = (answer.status, answer.code) == (403, "session_scope_missing")
        (refused if told else taken).add(route.name)

    its_own = {r.name for r in of_persons if scope in getattr(r.guard, "also", ())}
    assert taken == its_own - {"end_session"}  # which ends this one alone
    assert len(refused) > len(taken)


# ---- at which service


@pytest.mark.parametrize("verb", ["log_on", "refresh", "reset"])
async def test_resource_gets_a_token_for_each_service_named_in_one_rotation(
    identity: Identity, recovery: Recovery, verb: str
) -> None:
    named = [Service.MERGE, Service.IDENTITY]
    person = await identity.an_account()
    match verb:
        case "log_on":
            body = {"name": person.username, "password": PASSWORD, "resource": named}
            answer = await identity.call("POST", "/sessions", body)
        case "refresh":
            session = (await identity.log_on(person.username)).body
            answer = await refreshed(identity, session, resource=named)
        case _:
            grant = await recovery.grant(person)
            body = {"grant": grant, "new_password": "Cedar-Lantern-42", "resource": named}
            answer = await identity.call("POST", "/passwords/reset", body)

    tokens = answer.body["access_tokens"]
    assert list(tokens) == named
    assert answer.body["access_token"] == tokens["merge"]
    for service, token in tokens.items():
        told = await identity.introspected(token)
        assert (told["active"], told["aud"]) == (True, f"{ISSUER}/{service}")
        assert told["sid"] == answer.body["session_id"]
    assert (await identity.call("GET", "/account", token=tokens["identity"])).status == 200
    elsewhere = await identity.call("GET", "/account", token=tokens["merge"])
    assert (elsewhere.status, elsewhere.code) == (401, "unauthenticated")
    assert (await refreshed(identity, answer.body)).status == 200


async def test_a_refresh_may_name_other_services_and_its_twin_is_handed_the_same_successor(
    identity: Identity,
) -> None:
    session = await logged_on(identity, resource=["identity"])

    first = await refreshed(identity, session, resource=["notify"])
    twin = await refreshed(identity, session, resource=["merge", "recovery"])

    assert first.body["refresh_token"] == twin.body["refresh_token"]
    assert list(first.body["access_tokens"]) == ["notify"]
    assert list(twin.body["access_tokens"]) == ["merge", "recovery"]
    [used] = await identity.rows("SELECT count(*) FROM refresh_tokens WHERE used_at IS NOT NULL")
    assert used["count"] == 1


@pytest.mark.parametrize(
    ("resource", "field", "code"),
    [
        (["elsewhere"], "resource[0]", "field_not_allowed"),
        (["merge", f"{ISSUER}/merge"], "resource[1]", "field_not_allowed"),
        ([], "resource", "field_too_short"),
        ("merge", "resource", "field_wrong_type"),
    ],
)
async def test_what_names_no_service_is_named_and_nothing_is_handed_out(
    identity: Identity, resource: object, field: str, code: str
) -> None:
    session = await logged_on(identity)

    answer = await refreshed(identity, session, resource=resource)

    assert (answer.status, answer.code) == (400, "body_invalid")
    [wrong] = answer.body["errors"]
    assert (wrong["field"], wrong["code"]) == (field, code)
    assert (await refreshed(identity, session)).status == 200  # and nothing was used up


@pytest.mark.proves("ST-1")
async def test_a_client_gets_a_token_for_each_service_named(identity: Identity) -> None:
    client_id, secret = await identity.a_practice_client()
    form = MultiDict(grant_type="client_credentials", client_id=client_id, client_secret=secret)
    form.extend([("resource", "notify"), ("resource", "identity")])

    answer = await identity.call("POST", "/oauth/token", form=form)

    tokens = answer.body["access_tokens"]
    assert list(tokens) == ["notify", "identity"]
    assert answer.body["access_token"] == tokens["notify"]
    told = await identity.introspected(tokens["notify"])
    assert (told["client_id"], told["aud"]) == (client_id, f"{ISSUER}/notify")
    here = await identity.call("GET", "/practice/settings", token=tokens["identity"])
    elsewhere = await identity.call("GET", "/practice/settings", token=tokens["notify"])
    assert (here.status, elsewhere.status) == (200, 401)
