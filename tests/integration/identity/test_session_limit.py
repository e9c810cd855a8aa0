"""Past fifty sessions of an account the one that was idle longest ends (SE-1)."""

import asyncio
from collections import Counter, deque
from typing import Any

import msgspec
import pytest

from shared.contracts.sessions import SessionEntry
from tests.builders.two_step import turned_on
from tests.rigs.identity import Identity, Person

pytestmark = pytest.mark.proves("SE-1")
MOST = 50
RACERS = 64


async def ended(identity: Identity) -> dict[str, str]:
    """Why each session that ended did."""
    rows = await identity.rows("SELECT id, ended_by FROM sessions WHERE ended_at IS NOT NULL")
    return {str(row["id"]): row["ended_by"] for row in rows}


async def told(identity: Identity) -> list[str]:
    """Which ends every replica of every service is told of."""
    rows = await identity.rows("SELECT body FROM outbox WHERE exchange = 'identity.sessions'")
    return [str(msgspec.json.decode(row["body"], type=SessionEntry).session_id) for row in rows]


async def fifty(identity: Identity, person: Person) -> list[dict[str, Any]]:
    """As many sessions as there may be, each a second after the one before."""
    made = []
    for _ in range(MOST):
        identity.clock.advance(seconds=1)
        made.append(await identity.logged_on(person.username))
    return made


async def test_the_fifty_first_ends_the_one_that_was_refreshed_longest_ago(
    identity: Identity,
) -> None:
    june = await identity.an_account()
    first, second, *_ = await fifty(identity, june)
    assert await ended(identity) == {}
    identity.clock.advance(seconds=1)
    assert (await identity.refresh(first["refresh_token"])).status == 200

    newest = await identity.logged_on(june.username)

    assert await ended(identity) == {second["session_id"]: "too-many"}
    assert await told(identity) == [second["session_id"]]
    assert (await identity.refresh(second["refresh_token"])).code == "refresh_invalid"
    assert (await identity.refresh(newest["refresh_token"])).status == 200
    [row] = await identity.rows("SELECT * FROM audit_entries WHERE detail = 'too-many'")
    assert (row["action"], row["subject"]) == ("session.end", f"account:{june.id}")


async def test_what_has_gone_idle_or_is_anothers_does_not_count(identity: Identity) -> None:
    june, pat = await identity.an_account(), await identity.an_account()
    await fifty(identity, june)
    await identity.logged_on(pat.username)
    identity.clock.advance(minutes=15)

    await identity.logged_on(june.username)

    assert await ended(identity) == {}


@pytest.mark.proves("V15.4.2")
async def test_of_64_log_ons_at_once_fifty_live_and_none_ends_the_one_it_began(
    identity: Identity, second: Identity
) -> None:
    june = await identity.an_account()
    before = await fifty(identity, june)
    identity.clock.advance(seconds=10)

    answers = await asyncio.gather(
        *((identity, second)[number % 2].log_on(june.username) for number in range(RACERS)),
        *(identity.refresh(each["refresh_token"]) for each in before[:10]),
    )

    assert Counter(answer.status for answer in answers[:RACERS]) == {201: RACERS}
    over = await ended(identity)
    live = await identity.rows("SELECT FROM sessions WHERE ended_at IS NULL")
    assert (len(live), len(over), set(over.values())) == (MOST, RACERS, {"too-many"})
    assert sorted(await told(identity)) == sorted(over)
    rows = await identity.rows("SELECT FROM audit_entries WHERE detail = 'too-many'")
    assert len(rows) == RACERS


@pytest.mark.proves("V15.4.2")
async def test_one_that_is_refreshed_while_another_begins_is_idle_or_refreshed_not_both(
    identity: Identity, second: Identity
) -> None:
    june = await identity.an_account()
    waits = deque(await fifty(identity, june))

    for number in range(20):
        identity.clock.advance(seconds=1)
        idlest = waits.popleft()
        begun, refreshed = await asyncio.gather(
            second.log_on(june.username), identity.refresh(idlest["refresh_token"])
        )
        if refreshed.status == 200:
            waits.append(refreshed.body)
            idlest = waits.popleft()
        waits.append(begun.body)

        over = await ended(identity)
        assert (len(over), idlest["session_id"] in over) == (number + 1, True)


@pytest.mark.proves("MF-3", "LG-3")
async def test_who_has_the_password_alone_logs_nobody_off_everywhere(identity: Identity) -> None:
    june = await turned_on(identity)
    full = await june.log_on()
    full = (await june.step(full["access_token"], june.codes[0])).body
    [own, *_] = await identity.rows("SELECT count(*) AS live FROM sessions WHERE ended_at IS NULL")
    for _ in range(MOST - own["live"]):
        identity.clock.advance(seconds=1)
        waiting = await june.log_on()
    assert set((await ended(identity)).values()) == {"second-step"}

    for _ in range(20):
        identity.clock.advance(seconds=1)
        waiting = await june.log_on()

    over = await ended(identity)
    assert Counter(over.values()) == {"second-step": 1, "too-many": 20}
    assert (await identity.refresh(full["refresh_token"])).status == 200
    assert (await identity.refresh(waiting["refresh_token"])).status == 200


@pytest.mark.proves("V15.4.2")
async def test_log_ons_past_the_limit_second_steps_and_ends_at_once_do_not_deadlock(
    identity: Identity, second: Identity
) -> None:
    june = await turned_on(identity)
    for _ in range(MOST - 9):  # with the one that turned it on, as many as there may be
        await june.log_on()
    waiting = [await june.log_on() for _ in range(8)]
    assert await ended(identity) == {}  # or one of those below had, of which nobody knows which
    fulls = [
        (await june.step(each["access_token"], code)).body["access_token"]
        for each, code in zip(waiting[:4], june.codes[:4], strict=True)
    ]

    answers = await asyncio.gather(
        *(second.log_on(june.person.username) for _ in range(16)),
        *(
            june.step(each["access_token"], code)
            for each, code in zip(waiting[4:], june.codes[4:8], strict=True)
        ),
        *(second.call("POST", "/sessions/end-others", token=token) for token in fulls),
    )

    assert {answer.status for answer in answers} <= {201, 204, 401}
    live = await identity.rows("SELECT FROM sessions WHERE ended_at IS NULL")
    assert len(live) <= MOST
