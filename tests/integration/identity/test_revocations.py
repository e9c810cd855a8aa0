"""A session is revoked by its refresh token, and every token is told alike (RFC 7009, SE-1)."""

import asyncio
from typing import Any

import msgspec
import pytest

from shared.contracts.sessions import SessionEntry
from tests.builders.two_step import turned_on
from tests.rigs.identity import Identity
from tests.rigs.replica import Answer

pytestmark = pytest.mark.proves("SE-1")


async def revoke(identity: Identity, token: str, **more: str) -> Answer:
    return await identity.call("POST", "/sessions/revoke", form={"token": token, **more})


async def told(identity: Identity) -> list[str]:
    """Which ends every replica of every service is told of."""
    rows = await identity.rows("SELECT body FROM outbox WHERE exchange = 'identity.sessions'")
    return [str(msgspec.json.decode(row["body"], type=SessionEntry).session_id) for row in rows]


async def rows_of(identity: Identity) -> list[Any]:
    return await identity.rows("SELECT * FROM audit_entries WHERE action = 'session.revoke'")


@pytest.mark.proves("V7.4.1")
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"token_type_hint": "refresh_token"},
        {"token_type_hint": "access_token", "client_id": "a-public-client"},
    ],
)
async def test_it_ends_the_session_with_all_of_its_tokens(
    identity: Identity, second: Identity, more: dict[str, str]
) -> None:
    june = await identity.an_account()
    other = await identity.logged_on(june.username)
    session = await identity.logged_on(june.username)

    answer = await revoke(identity, session["refresh_token"], **more)

    assert (answer.status, answer.body) == (200, {})
    assert (await identity.refresh(session["refresh_token"])).code == "refresh_invalid"
    refused = await second.call("GET", "/account", token=session["access_token"])
    assert refused.code == "unauthenticated"
    assert (await identity.refresh(other["refresh_token"])).status == 200
    assert await told(identity) == [session["session_id"]]
    [row] = await rows_of(identity)
    assert (row["subject"], row["outcome"]) == (f"account:{june.id}", "done")
    [kept] = await identity.rows("SELECT ended_by FROM sessions WHERE ended_at IS NOT NULL")
    assert kept["ended_by"] == "revoked"


async def test_a_used_token_ends_its_session_as_its_reuse_would(identity: Identity) -> None:
    session = await identity.logged_on()
    renewed = (await identity.refresh(session["refresh_token"])).body
    identity.clock.advance(minutes=5)

    answer = await revoke(identity, session["refresh_token"])

    assert answer.status == 200
    assert (await identity.refresh(renewed["refresh_token"])).code == "refresh_invalid"


async def test_one_that_waits_for_its_code_is_revoked_as_well(identity: Identity) -> None:
    june = await turned_on(identity)
    half = await june.log_on()

    await revoke(identity, half["refresh_token"])

    assert (await june.step(half["access_token"], june.codes[0])).code == "unauthenticated"


@pytest.mark.proves("AU-1")
@pytest.mark.parametrize("which", ["nobody's", "an access token", "ended", "over"])
async def test_whatever_ends_nothing_is_answered_the_same_and_leaves_no_row(
    identity: Identity, which: str
) -> None:
    session = await identity.logged_on()
    live = await revoke(identity, (await identity.logged_on())["refresh_token"])
    if which == "over":
        identity.clock.advance(hours=12, minutes=1)
        await identity.loop("session-sweeper").once()
    brought = {
        "an access token": session["access_token"],
        "ended": session["refresh_token"],
        "over": session["refresh_token"],
    }.get(which, which)
    if which == "ended":
        await revoke(identity, brought)
    before = await rows_of(identity)

    answer = await revoke(identity, brought)

    assert answer.alike() == live.alike()
    assert await rows_of(identity) == before


@pytest.mark.proves("V15.4.2")
async def test_of_64_at_once_one_ends_it_and_all_are_answered_alike(
    identity: Identity, second: Identity
) -> None:
    session = await identity.logged_on()
    token = session["refresh_token"]

    answers = await asyncio.gather(
        *(revoke((identity, second)[number % 2], token) for number in range(64))
    )

    assert {answer.status for answer in answers} == {200}
    assert await told(identity) == [session["session_id"]]
    assert len(await rows_of(identity)) == 1


@pytest.mark.proves("V15.4.2")
async def test_no_refresh_survives_a_revocation_at_once_with_it(
    identity: Identity, second: Identity
) -> None:
    for _ in range(10):
        session = await identity.logged_on()
        token = session["refresh_token"]

        refreshed, revoked = await asyncio.gather(identity.refresh(token), revoke(second, token))

        assert revoked.status == 200
        for left in (token, refreshed.body.get("refresh_token", token)):
            assert (await identity.refresh(left)).code == "refresh_invalid"


@pytest.mark.parametrize(
    ("form", "json"), [({}, None), ({"token": ""}, None), (None, {"token": "x"})]
)
async def test_a_request_that_is_none_is_refused_as_oauth_has_it(
    identity: Identity, form: dict[str, str] | None, json: dict[str, str] | None
) -> None:
    answer = await identity.call("POST", "/sessions/revoke", json, form=form)

    assert answer.status in (400, 415)
    assert answer.body["error"] == "invalid_request"


async def test_a_source_that_has_used_up_its_budget_still_logs_off(identity: Identity) -> None:
    source = "198.51.100.9"
    session = await identity.logged_on()
    for _ in range(60):
        await identity.call("POST", "/sessions/refresh", {"refresh_token": "x"}, source=source)

    form = {"token": session["refresh_token"]}
    answers = [
        await identity.call("POST", "/sessions/revoke", form=form, source=source) for _ in range(60)
    ]

    assert {answer.status for answer in answers} == {200}
    assert (await identity.refresh(session["refresh_token"])).code == "refresh_invalid"
