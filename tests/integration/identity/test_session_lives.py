"""How long a session lives, and that each reply with tokens says so (SE-1, WCAG 2.2.1)."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.builders.two_step import turned_on
from tests.rigs.identity import Identity, Recovery

pytestmark = pytest.mark.proves("SE-1")
NEW = "Copper!Lantern-42"
IDLE, LONGEST = timedelta(minutes=15), timedelta(hours=12)
Body = dict[str, Any]
Opens = Callable[[Identity, Recovery], Awaitable[Body]]


async def log_on(identity: Identity, recovery: Recovery) -> Body:
    return await identity.logged_on()


async def refresh(identity: Identity, recovery: Recovery) -> Body:
    session = await identity.logged_on()
    return dict((await identity.refresh(session["refresh_token"])).body)


async def second_step(identity: Identity, recovery: Recovery) -> Body:
    june = await turned_on(identity)
    half = await june.log_on()
    return dict((await june.step(half["access_token"], june.codes[0])).body)


async def reset(identity: Identity, recovery: Recovery) -> Body:
    june = await identity.an_account()
    return dict((await identity.reset(await recovery.grant(june), NEW)).body)


async def change_password(identity: Identity, recovery: Recovery) -> Body:
    june = await identity.an_account()
    token = (await identity.logged_on(june.username))["access_token"]
    asked = {"password": june.password, "verb": "password"}
    proof = await identity.call("POST", "/account/reauthenticate", asked, token=token)
    change = {"new_password": NEW, "reauthenticated": proof.body["grant"]}
    return dict((await identity.call("PUT", "/account/password", change, token=token)).body)


async def at_the_second_step(identity: Identity, recovery: Recovery) -> Body:
    return await (await turned_on(identity)).log_on()


async def at_the_terms(identity: Identity, recovery: Recovery) -> Body:
    june = await identity.an_account()
    await identity.publish_terms(f"for {june.username}")
    return await identity.logged_on(june.username)


async def without_a_practice(identity: Identity, recovery: Recovery) -> Body:
    return await identity.logged_on((await identity.an_account(enrolled=False)).username)


def ends_at(body: Body) -> datetime:
    return datetime.fromisoformat(body["ends_at"])


@pytest.mark.parametrize("opens", [log_on, refresh, second_step, reset, change_password])
async def test_every_reply_with_tokens_says_how_long_its_session_lives(
    identity: Identity, recovery: Recovery, opens: Opens
) -> None:
    began = identity.clock.now()

    body = await opens(identity, recovery)

    assert body["idle_seconds"] == IDLE.total_seconds()
    assert began + LONGEST <= ends_at(body) <= identity.clock.now() + LONGEST


async def test_idle_counts_from_the_last_rotation_and_a_refresh_moves_no_end(
    identity: Identity,
) -> None:
    session = await identity.logged_on()
    identity.clock.advance(minutes=14)
    renewed = (await identity.refresh(session["refresh_token"])).body
    identity.clock.advance(seconds=4)

    rests = (await identity.refresh(renewed["refresh_token"])).body
    identity.clock.advance(seconds=16)
    twin = (await identity.refresh(session["refresh_token"])).body

    said = [body["idle_seconds"] for body in (renewed, rests, twin)]
    assert said == [900, 896, 880]
    assert {ends_at(body) for body in (renewed, rests, twin)} == {ends_at(session)}


async def test_in_the_last_quarter_of_an_hour_idle_is_what_is_left(identity: Identity) -> None:
    session = await identity.logged_on()
    for _ in range(71):
        identity.clock.advance(minutes=10)
        session = (await identity.refresh(session["refresh_token"])).body

    assert session["idle_seconds"] == 600
    assert ends_at(session) == identity.clock.now() + timedelta(minutes=10)


@pytest.mark.proves("MF-3", "LG-3")
async def test_the_second_step_does_not_begin_the_twelve_hours_anew(identity: Identity) -> None:
    june = await turned_on(identity)
    half = await june.log_on()
    for _ in range(71):
        identity.clock.advance(minutes=10)
        waits = (await identity.refresh(half["refresh_token"])).body
        half = {**half, **waits}

    full = (await june.step(half["access_token"], await june.next_code())).body

    assert ends_at(full) == ends_at(half)
    assert full["idle_seconds"] == 600 - 30
    identity.clock.advance(minutes=9, seconds=30)
    assert (await identity.refresh(full["refresh_token"])).code == "refresh_invalid"


@pytest.mark.proves("LG-3", "UN-4", "V7.3.1", "V7.3.2")
@pytest.mark.parametrize("opens", [at_the_second_step, at_the_terms, without_a_practice])
async def test_idle_and_twelve_hours_hold_at_every_gate_as_behind_it(
    identity: Identity, recovery: Recovery, opens: Opens
) -> None:
    idles, lasts = await opens(identity, recovery), await opens(identity, recovery)
    assert lasts["scope"] != "full"

    identity.clock.advance(minutes=14, seconds=59)
    lasts = (await identity.refresh(lasts["refresh_token"])).body
    identity.clock.advance(seconds=1)
    idle = await identity.refresh(idles["refresh_token"])
    while identity.clock.now() + IDLE <= ends_at(lasts):
        identity.clock.advance(minutes=14)
        lasts = (await identity.refresh(lasts["refresh_token"])).body
    identity.clock.advance(seconds=(ends_at(lasts) - identity.clock.now()).total_seconds() - 1)
    last = await identity.refresh(lasts["refresh_token"])
    identity.clock.advance(seconds=1)
    over = await identity.refresh(last.body["refresh_token"])

    assert (idle.code, last.status, over.code) == ("refresh_invalid", 200, "refresh_invalid")
    assert last.body["idle_seconds"] == 1
