"""Sessions: listed and ended by their holder, refused at once when ended (SE-1)."""

import asyncio
from typing import Any

import msgspec
import pytest

from services.identity.routes import ROUTES
from shared.http.guards import Session
from shared.http.routes import NoBody
from tests.rigs.identity import Identity
from tests.support.shop import path_of

pytestmark = pytest.mark.proves("SE-1")
SESSION_VERBS = [route for route in ROUTES if isinstance(route.guard, Session)]


async def session_ids(identity: Identity, token: str) -> set[str]:
    listed = await identity.call("GET", "/sessions", token=token)
    return {session["session_id"] for session in listed.body["sessions"]}


@pytest.mark.proves("V7.5.2")
async def test_the_holder_sees_her_live_sessions_and_which_one_asks(identity: Identity) -> None:
    june, pat = await identity.an_account(), await identity.an_account()
    await identity.logged_on(june.username)
    identity.clock.advance(minutes=15)
    await identity.logged_on(pat.username)
    first, second = await identity.logged_on(june.username), await identity.logged_on(june.username)

    listed = await identity.call("GET", "/sessions", token=second["access_token"])

    shown = {session["session_id"]: session["current"] for session in listed.body["sessions"]}
    assert shown == {first["session_id"]: False, second["session_id"]: True}


@pytest.mark.proves("V7.4.1")
@pytest.mark.parametrize("verb", SESSION_VERBS, ids=lambda verb: verb.name)
async def test_a_session_one_has_logged_off_is_refused_at_once_by_every_verb(
    identity: Identity, second: Identity, verb: Any
) -> None:
    session = await identity.logged_on()
    token, session_id = session["access_token"], session["session_id"]

    off = await identity.call("DELETE", f"/sessions/{session_id}", token=token)

    path = path_of(verb, session_id)
    body: dict[str, str] | None = None if verb.body is NoBody else {}
    for replica in (identity, second):
        assert (await replica.call(verb.method, path, body, token=token)).code == "unauthenticated"
    assert off.status == 204


async def test_an_ended_session_is_told_to_every_replica_in_the_same_transaction(
    identity: Identity,
) -> None:
    session = await identity.logged_on()

    await identity.call(
        "DELETE", f"/sessions/{session['session_id']}", token=session["access_token"]
    )

    (row,) = await identity.rows("SELECT body FROM outbox WHERE exchange = 'identity.sessions'")
    assert msgspec.json.decode(row["body"]) == {
        "kind": "ended",
        "session_id": session["session_id"],
        "not_before": None,
    }
    refreshed = await identity.refresh(session["refresh_token"])
    assert refreshed.code == "refresh_invalid"


async def test_ending_one_leaves_the_others(identity: Identity) -> None:
    june = await identity.an_account()
    phone, desk = await identity.logged_on(june.username), await identity.logged_on(june.username)

    for _ in range(2):  # ended twice is ended
        path = f"/sessions/{phone['session_id']}"
        assert (await identity.call("DELETE", path, token=desk["access_token"])).status == 204

    assert await session_ids(identity, desk["access_token"]) == {desk["session_id"]}


async def test_ending_all_others_leaves_this_one(identity: Identity) -> None:
    june, pat = await identity.an_account(), await identity.an_account()
    other = await identity.logged_on(pat.username)
    await identity.logged_on(june.username)
    await identity.logged_on(june.username)
    this = await identity.logged_on(june.username)

    ended = await identity.call("POST", "/sessions/end-others", token=this["access_token"])

    assert ended.status == 204
    assert await session_ids(identity, this["access_token"]) == {this["session_id"]}
    assert await session_ids(identity, other["access_token"]) == {other["session_id"]}


async def test_two_sessions_that_end_each_other_at_once_do_not_deadlock(
    identity: Identity, second: Identity
) -> None:
    june = await identity.an_account()
    tokens = [(await identity.logged_on(june.username))["access_token"] for _ in range(8)]

    answers = await asyncio.gather(
        *(
            replica.call("POST", "/sessions/end-others", token=token)
            for replica, token in zip((identity, second) * 4, tokens, strict=True)
        )
    )

    assert {answer.status for answer in answers} <= {204, 401}
    live = await identity.rows("SELECT FROM sessions WHERE ended_at IS NULL")
    assert len(live) <= 1
