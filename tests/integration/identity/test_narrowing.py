"""SE-1, UN-1: a narrowed session goes on, but what it was handed before is void at once."""

import asyncio
from base64 import urlsafe_b64decode
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio

from deploy.client.eventually import eventually
from shared.contracts.ids import SessionId
from shared.contracts.sessions import SessionEntry
from shared.trust.signed import from_numeric_date
from tests.builders.practices import PracticeDesk, add_practice, practice_desk
from tests.rigs.identity import Identity, identity_service
from tests.support.clock import FakeClock

pytestmark = pytest.mark.proves("UN-1", "SE-1")
MARIA = "maria.garcia"
Enrolments = list[tuple[PracticeDesk, str]]
Opened = dict[str, Any]
MICROSECOND = timedelta(microseconds=1)


@pytest_asyncio.fixture
async def enrolments(identity: Identity, desk: PracticeDesk) -> Enrolments:
    """Maria's records at four practices, each with its desk: un-enrolling one is not the last."""
    found = [(desk, await desk.enrolled())]
    for _ in range(3):
        other = await practice_desk(identity)
        patient_id = await other.a_patient()
        token = (await other.issue(patient_id)).body["token"]
        assert (await add_practice(identity, token)).status == 201
        found.append((other, patient_id))
    return found


@pytest_asyncio.fixture
async def opened(identity: Identity, enrolments: Enrolments) -> Opened:
    """A session of hers."""
    return await identity.logged_on(MARIA)


async def leave(enrolments: Enrolments) -> None:
    """Be un-enrolled by one of the practices."""
    practice, patient_id = enrolments.pop()
    assert (await practice.un_enrol(patient_id)).status == 204


async def is_taken(identity: Identity, tokens: dict[str, Any]) -> bool:
    answer = await identity.call("GET", "/account", token=tokens["access_token"])
    assert answer.status in {200, 401}
    return answer.status == 200


async def entries(identity: Identity) -> list[SessionEntry]:
    """What was told over the stream, in order."""
    rows = await identity.rows(
        "SELECT body FROM outbox WHERE exchange = 'identity.sessions' ORDER BY id"
    )
    return [msgspec.json.decode(row["body"], type=SessionEntry) for row in rows]


def said(tokens: dict[str, Any]) -> tuple[datetime, int]:
    """When an access token says it was issued, and the account's version in it."""
    payload = tokens["access_token"].split(".")[1]
    claims = msgspec.json.decode(urlsafe_b64decode(payload + "==="))
    return from_numeric_date(claims["iat"]), claims["av"]


async def test_earlier_tokens_are_refused_at_once_and_a_refresh_gives_a_good_one(
    identity: Identity, second: Identity, enrolments: Enrolments, opened: Opened
) -> None:
    gateway = await identity.a_gateway_token()

    await leave(enrolments)

    for replica in (identity, second):
        assert not await is_taken(replica, opened)
    seen = await second.introspected(opened["access_token"], by=gateway)
    assert seen["active"] is False
    refreshed = (await second.refresh(opened["refresh_token"])).body
    assert await is_taken(identity, refreshed)
    assert refreshed["session_id"] == opened["session_id"]


async def test_a_token_of_the_very_same_microsecond_is_void_and_the_next_one_is_not(
    identity: Identity, enrolments: Enrolments, opened: Opened
) -> None:
    await leave(enrolments)  # the clock stands still

    assert not await is_taken(identity, opened)
    [entry] = await entries(identity)
    assert entry.not_before == identity.clock.now() + MICROSECOND
    refreshed = (await identity.refresh(opened["refresh_token"])).body
    assert said(refreshed)[0] == entry.not_before
    assert await is_taken(identity, refreshed)


async def test_a_token_that_a_faster_clock_dated_ahead_is_void_as_well(
    identity: Identity, enrolments: Enrolments
) -> None:
    ahead = FakeClock(identity.clock.now() + timedelta(milliseconds=300))
    async with identity_service(identity.database, ahead) as faster:
        opened = await faster.logged_on(MARIA)
        dated_ahead = (await faster.refresh(opened["refresh_token"])).body
        newest = (await identity.refresh(dated_ahead["refresh_token"])).body

        await leave(enrolments)

        for tokens in (opened, dated_ahead, newest):
            assert not await is_taken(faster, tokens)
        refreshed = (await identity.refresh(newest["refresh_token"])).body
        assert await is_taken(faster, refreshed)
        assert await is_taken(identity, refreshed)


async def test_a_twin_is_not_handed_what_outlives_a_narrowing(
    identity: Identity, enrolments: Enrolments, opened: Opened
) -> None:
    await identity.refresh(opened["refresh_token"])
    identity.clock.advance(seconds=20)

    before = (await identity.refresh(opened["refresh_token"])).body
    await leave(enrolments)
    after = (await identity.refresh(opened["refresh_token"])).body

    assert before["refresh_token"] == after["refresh_token"]
    assert (before["expires_in"], after["expires_in"]) == (280, 300)
    assert not await is_taken(identity, before)
    assert await is_taken(identity, after)


async def test_every_session_of_the_account_is_narrowed_and_no_other(
    identity: Identity, enrolments: Enrolments
) -> None:
    own = [await identity.logged_on(MARIA) for _ in range(3)]
    ended = await identity.logged_on(MARIA)
    path = f"/sessions/{ended['session_id']}"
    await identity.call("DELETE", path, token=ended["access_token"])
    stranger = await identity.logged_on()

    await leave(enrolments)

    assert [await is_taken(identity, tokens) for tokens in (*own, stranger)] == [
        *(False, False, False),
        True,
    ]
    narrowed = {str(entry.session_id) for entry in await entries(identity) if entry.not_before}
    assert narrowed == {tokens["session_id"] for tokens in own}


async def test_a_second_narrowing_voids_what_was_handed_out_after_the_first(
    identity: Identity, enrolments: Enrolments, opened: Opened
) -> None:
    await leave(enrolments)
    between = (await identity.refresh(opened["refresh_token"])).body

    await leave(enrolments)

    assert not await is_taken(identity, between)
    first, later = [entry.not_before for entry in await entries(identity)]
    assert first is not None
    assert later is not None
    assert first < later


async def test_a_session_that_is_narrowed_is_not_kept_from_idling(
    identity: Identity, enrolments: Enrolments, opened: Opened
) -> None:
    identity.clock.advance(minutes=4)

    await leave(enrolments)
    identity.clock.advance(minutes=11)

    assert (await identity.refresh(opened["refresh_token"])).code == "refresh_invalid"


async def test_a_refresh_that_waited_for_a_change_of_the_account_says_its_new_version(
    identity: Identity, enrolments: Enrolments, opened: Opened
) -> None:
    async with identity.plumbing.database.transaction() as change:
        await change.execute("UPDATE accounts SET version = version + 1")
        await change.execute("SELECT FROM sessions FOR UPDATE")
        waiting = asyncio.create_task(identity.refresh(opened["refresh_token"]))
        await eventually(identity.somebody_waits)

    refreshed = (await waiting).body

    assert said(refreshed)[1] == said(opened)[1] + 1


@pytest.mark.proves("V15.4.2")
async def test_a_refresh_beside_an_un_enrolment_is_good_or_void_but_never_outlives_it(
    identity: Identity, enrolments: Enrolments
) -> None:
    fast = FakeClock(identity.clock.now() + timedelta(milliseconds=40))
    async with identity_service(identity.database, fast) as ahead:
        sessions = [await replica.logged_on(MARIA) for replica in (identity, ahead) * 4]
        while len(enrolments) > 1:
            answers, _ = await asyncio.gather(
                asyncio.gather(
                    *(
                        replica.refresh(session["refresh_token"])
                        for session, replica in zip(sessions, (ahead, identity) * 4, strict=True)
                    )
                ),
                leave(enrolments),
            )
            sessions = [dict(answer.body) for answer in answers]

            [account] = await identity.rows("SELECT version FROM accounts")
            last = {entry.session_id: entry.not_before for entry in await entries(identity)}
            for session in sessions:
                issued_at, version = said(session)
                not_before = last[SessionId(UUID(session["session_id"]))]
                assert not_before is not None
                assert await is_taken(identity, session) is (issued_at >= not_before)
                assert issued_at < not_before or version == account["version"]
