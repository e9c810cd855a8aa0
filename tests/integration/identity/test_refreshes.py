"""Refresh: rotation at each use, one successor for honest twins, the end at reuse (SE-1)."""

import asyncio

import msgspec
import pytest
import pytest_asyncio

from shared.contracts.sessions import SessionEntry
from tests.rigs.identity import Identity

pytestmark = pytest.mark.proves("SE-1")


async def logged_on(identity: Identity) -> str:
    """The refresh token of a new session."""
    return str((await identity.logged_on())["refresh_token"])


@pytest_asyncio.fixture
async def token(identity: Identity) -> str:
    """Of a new session."""
    return await logged_on(identity)


async def successor(identity: Identity, token: str) -> str:
    answer = await identity.refresh(token)
    assert answer.status == 200, answer.body
    return str(answer.body["refresh_token"])


async def ended_sessions(identity: Identity) -> list[str]:
    """What was told over the stream of ended sessions."""
    rows = await identity.rows("SELECT body FROM outbox WHERE exchange = 'identity.sessions'")
    entries = [msgspec.json.decode(row["body"], type=SessionEntry) for row in rows]
    return [str(entry.session_id) for entry in entries if entry.not_before is None]


async def test_each_use_rotates_the_token(identity: Identity, token: str) -> None:
    second = await successor(identity, token)
    third = await successor(identity, second)

    assert len({token, second, third}) == 3
    assert min(len(token), len(second)) >= 43


@pytest.mark.proves("V7.2.3")
async def test_only_digests_of_refresh_tokens_are_kept(identity: Identity, token: str) -> None:
    second = await successor(identity, token)

    kept = str([tuple(row) for row in await identity.rows("SELECT * FROM refresh_tokens")])

    assert token not in kept
    assert second not in kept
    assert second.encode().hex() not in kept


@pytest.mark.proves("V15.4.2")
async def test_20_parallel_refreshes_are_handed_the_same_successor(
    identity: Identity, token: str, second: Identity
) -> None:
    answers = await asyncio.gather(*(replica.refresh(token) for replica in (identity, second) * 10))

    assert {answer.status for answer in answers} == {200}
    (winner,) = {answer.body["refresh_token"] for answer in answers}
    assert await successor(identity, winner)
    assert await ended_sessions(identity) == []


async def test_bursts_of_parallel_refreshes_never_lose_the_session(
    identity: Identity, token: str
) -> None:
    for _ in range(10):
        answers = await asyncio.gather(*(identity.refresh(token) for _ in range(8)))
        (token,) = {answer.body["refresh_token"] for answer in answers}
        identity.clock.advance(seconds=40)

    assert len(await identity.rows("SELECT FROM refresh_tokens WHERE used_at IS NULL")) == 1


@pytest.mark.proves("AU-1")
async def test_a_twin_is_honest_for_30_seconds_and_reuse_after_that_ends_the_session(
    identity: Identity, token: str
) -> None:
    answer = await identity.refresh(token)
    winner = answer.body["refresh_token"]

    identity.clock.advance(seconds=29)
    assert await successor(identity, token) == winner
    identity.clock.advance(seconds=1)
    reused = await identity.refresh(token)

    assert (reused.status, reused.code) == (401, "refresh_invalid")
    assert (await identity.refresh(winner)).code == "refresh_invalid"
    assert await ended_sessions(identity) == [answer.body["session_id"]]
    listed = await identity.call("GET", "/sessions", token=answer.body["access_token"])
    assert listed.status == 401
    (row,) = await identity.rows("SELECT detail FROM audit_entries WHERE detail = 'refresh_reused'")
    assert row


async def test_parallel_reuse_ends_the_session_once(identity: Identity, token: str) -> None:
    await successor(identity, token)
    identity.clock.advance(seconds=30)

    answers = await asyncio.gather(*(identity.refresh(token) for _ in range(16)))

    assert {answer.code for answer in answers} == {"refresh_invalid"}
    assert len(await ended_sessions(identity)) == 1


@pytest.mark.proves("V7.3.1")
async def test_a_session_is_over_when_not_refreshed_for_15_minutes(identity: Identity) -> None:
    early, late = await logged_on(identity), await logged_on(identity)

    identity.clock.advance(minutes=14, seconds=59)
    early = await successor(identity, early)
    identity.clock.advance(seconds=1)

    assert (await identity.refresh(late)).code == "refresh_invalid"
    assert await successor(identity, early)


@pytest.mark.proves("V7.3.2")
async def test_a_session_lasts_12_hours_at_most(identity: Identity, token: str) -> None:
    for _ in range(71):
        identity.clock.advance(minutes=10)
        token = await successor(identity, token)
    identity.clock.advance(minutes=9, seconds=59)

    last = await identity.refresh(token)
    identity.clock.advance(seconds=1)

    assert (last.status, last.body["expires_in"]) == (200, 1)
    over = await identity.refresh(last.body["refresh_token"])
    assert over.code == "refresh_invalid"


@pytest.mark.proves("V9.2.2")
async def test_tokens_are_not_taken_for_each_other(identity: Identity) -> None:
    person = await identity.an_account()
    tokens = (await identity.log_on(person.username)).body

    as_refresh = await identity.refresh(tokens["access_token"][:200])
    as_access = await identity.call("GET", "/sessions", token=tokens["refresh_token"])

    assert (as_refresh.status, as_access.status) == (401, 401)


@pytest.mark.proves("V14.2.7")
async def test_expired_sessions_are_swept_with_their_tokens(
    identity: Identity, second: Identity
) -> None:
    await successor(identity, await logged_on(identity))
    identity.clock.advance(hours=6)
    kept = await logged_on(identity)
    identity.clock.advance(hours=6, minutes=1)

    await asyncio.gather(
        *(replica.loop("session-sweeper").once() for replica in (identity, second))
    )

    assert len(await identity.rows("SELECT FROM sessions")) == 1
    assert len(await identity.rows("SELECT FROM refresh_tokens")) == 1
    assert (await identity.refresh(kept)).status == 401


@pytest.mark.proves("V15.4.2")
async def test_a_successor_rotates_five_seconds_after_it_was_made_and_not_before(
    identity: Identity, token: str, second: Identity
) -> None:
    identity.clock.advance(seconds=1)
    made = await successor(identity, token)

    identity.clock.advance(seconds=4)
    answers = await asyncio.gather(*(r.refresh(made) for r in (identity, second) * 8))
    assert {answer.body["refresh_token"] for answer in answers} == {made}
    assert await successor(identity, token) == made
    for answer in answers:
        read = await identity.call("GET", "/account", token=answer.body["access_token"])
        assert read.status == 200
    identity.clock.advance(seconds=1)
    rotated = await successor(identity, made)

    assert rotated != made
    assert len(await identity.rows("SELECT FROM refresh_tokens")) == 3
    identity.clock.advance(seconds=30)
    assert (await identity.refresh(made)).code == "refresh_invalid"
    assert len(await ended_sessions(identity)) == 1


async def test_one_session_adds_a_token_in_five_seconds_however_often_it_asks(
    identity: Identity,
    token: str,
) -> None:
    for _ in range(60):
        identity.clock.advance(seconds=0.5)
        token = await successor(identity, token)

    assert len(await identity.rows("SELECT FROM refresh_tokens")) <= 1 + 30 / 5 + 1


async def test_a_successor_that_rests_is_handed_a_token_of_after_a_narrowing(
    identity: Identity,
    token: str,
) -> None:
    identity.clock.advance(seconds=1)
    answer = await identity.refresh(token)
    identity.clock.advance(seconds=1)
    [row] = await identity.rows("SELECT account_id FROM sessions")
    async with identity.plumbing.acts.open(identity.operator()) as act:
        await identity.features.sessions.sessions.narrow_within(act, row["account_id"])

    renewed = await identity.refresh(answer.body["refresh_token"])

    assert renewed.body["refresh_token"] == answer.body["refresh_token"]
    for body, status in ((answer.body, 401), (renewed.body, 200)):
        read = await identity.call("GET", "/account", token=body["access_token"])
        assert read.status == status
