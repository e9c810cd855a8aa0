"""The lock: 4 failures in a row, 20 minutes, exact under parallel tries (LG-2)."""

import asyncio
from collections import Counter

import pytest
import pytest_asyncio

from tests.rigs.identity import PASSWORD, Identity, Person, Recovery

pytestmark = pytest.mark.proves("LG-2")
WRONG = "Wrong-Guess-1234"


@pytest_asyncio.fixture(autouse=True)
async def june(identity: Identity) -> Person:
    """Whose password is guessed at."""
    return await identity.an_account("june.hale", email="june@mail.example")


async def outcomes(identity: Identity) -> Counter[str]:
    """How each log-on was judged: only `wrong` and success were told."""
    rows = await identity.rows(
        "SELECT coalesce(detail, outcome) AS told FROM audit_entries WHERE action = 'log-on'"
    )
    return Counter(row["told"] for row in rows)


async def locked(identity: Identity, name: str) -> None:
    for _ in range(4):
        await identity.log_on(name, WRONG)


@pytest.mark.parametrize("tries", [0, 1])
async def test_four_failures_lock_for_twenty_minutes_and_further_tries_change_nothing(
    identity: Identity, tries: int
) -> None:
    await locked(identity, "june.hale")

    for _ in range(19):
        identity.clock.advance(minutes=1)
        for password in (WRONG, PASSWORD) * tries:
            await identity.log_on("june.hale", password)
    identity.clock.advance(seconds=59)
    assert (await identity.log_on("june.hale")).status == 401

    identity.clock.advance(seconds=1)
    assert (await identity.log_on("june.hale")).status == 201


@pytest.mark.proves("LG-1")
async def test_a_right_password_that_may_not_be_told_holds_no_more_than_a_wrong_one(
    identity: Identity, june: Person
) -> None:
    """A row that is held is written to, and the time of the reply would tell of it."""
    await identity.log_ons("june.hale", WRONG, 4)
    held = await identity.rows("SELECT xmax FROM accounts")

    locked = await identity.log_on("june.hale", PASSWORD)
    while_locked = await identity.rows("SELECT xmax FROM accounts")
    identity.clock.advance(minutes=20)
    told = await identity.log_on("june.hale", PASSWORD)

    assert (locked.status, told.status) == (401, 201)
    assert while_locked == held
    assert await identity.rows("SELECT xmax FROM accounts") != held


async def test_a_good_log_on_clears_the_count(identity: Identity) -> None:
    for _ in range(2):
        for _ in range(3):
            await identity.log_on("june.hale", WRONG)
        assert (await identity.log_on("june.hale")).status == 201


@pytest.mark.parametrize("tries_under_the_lock", [0, 3])
async def test_after_a_lock_counting_begins_anew(
    identity: Identity, tries_under_the_lock: int
) -> None:
    await locked(identity, "june.hale")
    for _ in range(tries_under_the_lock):
        await identity.log_on("june.hale", WRONG)
    identity.clock.advance(minutes=20)

    for _ in range(3):
        await identity.log_on("june.hale", WRONG)
    assert (await identity.log_on("june.hale")).status == 201

    await locked(identity, "june.hale")
    assert (await identity.log_on("june.hale")).status == 401


@pytest.mark.proves("V6.3.1")
async def test_a_right_guess_among_64_parallel_ones_is_told_only_before_the_lock(
    identity: Identity, second: Identity
) -> None:
    for _ in range(3):
        await identity.log_on("june.hale", WRONG)
    await identity.log_on("june.hale", WRONG)

    answers = await asyncio.gather(
        second.log_ons("june.hale", WRONG, 31), identity.log_ons("june.hale", PASSWORD, 33)
    )

    assert {answer.status for half in answers for answer in half} == {401}
    assert await identity.rows("SELECT FROM sessions") == []


async def test_64_parallel_honest_log_ons_all_pass(identity: Identity, second: Identity) -> None:
    for _ in range(3):
        await identity.log_on("june.hale", WRONG)

    answers = await asyncio.gather(
        identity.log_ons("june.hale", PASSWORD, 32), second.log_ons("june.hale", PASSWORD, 32)
    )

    assert {answer.status for half in answers for answer in half} == {201}


@pytest.mark.parametrize(
    "writings",
    [
        ("nobody.at.all", "NOBODY.at.all", " nobody.at.all ", "\uff4eobody.at.all"),
        ("june.hale", "June.Hale", "june@mail.example", "JUNE@mail.example"),
    ],
)
async def test_a_name_in_another_writing_counts_together(
    identity: Identity, writings: tuple[str, ...]
) -> None:

    for name in (*writings, *writings):
        await identity.log_on(name, WRONG)

    assert await outcomes(identity) == {"wrong": 4, "locked": 4}


async def test_an_unknown_name_locks_and_unlocks_like_a_known_one(identity: Identity) -> None:
    for name in ("june.hale", "nobody.at.all"):
        await locked(identity, name)
    identity.clock.advance(minutes=19, seconds=59)
    for name in ("june.hale", "nobody.at.all"):
        await identity.log_on(name, WRONG)

    rows = await identity.rows("SELECT failures, locked_until, told, notice_due FROM lockouts")

    assert len(rows) == 2
    assert rows[0] == rows[1]
    assert not rows[0]["told"]


@pytest.mark.parametrize("kept", [False, True], ids=["as it is", "if its hash were kept"])
async def test_the_right_password_of_a_frozen_account_counts_as_a_wrong_one(
    identity: Identity, june: Person, kept: bool
) -> None:
    [before] = await identity.rows("SELECT password_hash FROM accounts")
    await identity.freeze(june.id)
    if kept:
        await identity.rows("UPDATE accounts SET password_hash = $1", before["password_hash"])

    for _ in range(5):
        await identity.log_on("june.hale", PASSWORD)

    assert await outcomes(identity) == {"wrong": 4, "locked": 1}


@pytest.mark.proves("V6.3.5", "NT-1")
async def test_the_holder_is_told_once_a_lock_by_one_of_all_replicas(
    identity: Identity, second: Identity, june: Person
) -> None:
    await locked(identity, "JUNE@mail.example")
    until = identity.clock.now()
    await locked(identity, "nobody.at.all")

    for _ in range(2):
        await asyncio.gather(
            *(replica.loop("lock-notices").once() for replica in (identity, second) * 4)
        )
        await locked(identity, "june.hale")

    (event,) = await identity.events("account-locked")
    assert event["account_id"] == str(june.id)
    assert event["recipients"] == ["june@mail.example"]
    assert event["locked_until"] == until.replace(minute=20).isoformat().replace("+00:00", "Z")


async def test_nothing_is_told_of_three_failures_or_of_an_unknown_name(identity: Identity) -> None:
    for _ in range(3):
        await identity.log_on("june.hale", WRONG)
    await locked(identity, "nobody.at.all")

    await identity.loop("lock-notices").once()

    assert await identity.events("account-locked") == []
    assert await identity.rows("SELECT FROM lockouts WHERE notice_due") == []


async def test_the_holder_is_told_at_most_three_times_a_day(identity: Identity) -> None:
    told = []
    for minutes in (20, 20, 20, 24 * 60 - 60 - 1, 20):
        await locked(identity, "june.hale")
        await identity.loop("lock-notices").once()
        told.append(len(await identity.events("account-locked")))
        identity.clock.advance(minutes=minutes)

    assert told == [1, 2, 3, 3, 3]

    await locked(identity, "june.hale")
    await identity.loop("lock-notices").once()
    assert len(await identity.events("account-locked")) == 4


@pytest.mark.proves("V14.2.7")
async def test_an_unknown_name_is_forgotten_a_day_after_its_last_try(identity: Identity) -> None:
    await identity.log_on("june.hale", WRONG)
    await identity.log_on("nobody.at.all", WRONG)

    left = []
    for step in ({"hours": 23, "minutes": 59}, {"minutes": 1}):
        identity.clock.advance(**step)
        await identity.loop("lockout-sweeper").once()
        left.append(len(await identity.rows("SELECT FROM lockouts")))

    assert left == [2, 1]


async def wear_out(identity: Identity, name: str, times: int) -> None:
    """Wrong passwords in a row, each of them told: four before each lock is over."""
    for number in range(times):
        await identity.log_on(name, WRONG)
        if number % 4 == 3:
            identity.clock.advance(minutes=20)


async def test_after_a_hundred_wrong_in_a_row_no_password_is_told_any_more(
    identity: Identity,
) -> None:
    await identity.an_account("maya.reed")
    await wear_out(identity, "june.hale", 99)
    await wear_out(identity, "maya.reed", 100)
    identity.clock.advance(days=400)

    assert (await identity.log_on("june.hale")).status == 201
    disabled = await identity.log_on("maya.reed")

    assert disabled.alike() == (await identity.log_on("nobody.at.all")).alike()
    assert "100 until a new one is set" in disabled.body["detail"]


async def test_a_good_log_on_begins_the_hundred_anew(identity: Identity) -> None:

    for _ in range(2):
        await wear_out(identity, "june.hale", 99)
        assert (await identity.log_on("june.hale")).status == 201


@pytest.mark.proves("V15.4.2")
@pytest.mark.parametrize("name", ["june.hale", "nobody.at.all"])
async def test_of_64_parallel_guesses_the_hundredth_is_the_last_that_is_told(
    identity: Identity, second: Identity, name: str
) -> None:
    await wear_out(identity, name, 98)
    identity.clock.advance(minutes=20)

    await asyncio.gather(identity.log_ons(name, WRONG, 32), second.log_ons(name, WRONG, 32))
    identity.clock.advance(minutes=20)
    await asyncio.gather(identity.log_ons(name, WRONG, 32), second.log_ons(name, PASSWORD, 32))

    assert await outcomes(identity) == {"wrong": 100, "locked": 126}


async def test_a_hundred_are_counted_alike_for_a_name_that_nobody_has(identity: Identity) -> None:
    await wear_out(identity, "june.hale", 100)
    identity.clock.advance(minutes=-20 * 25)
    await wear_out(identity, "nobody.at.all", 100)

    one, other = await identity.rows(
        "SELECT failures, wrong_in_a_row, locked_until, record_due, told, notice_due,"
        " disabled_due, on_record FROM lockouts"
    )
    assert one == other
    assert (one["wrong_in_a_row"], one["disabled_due"], one["notice_due"]) == (100, True, True)


async def test_the_holder_is_told_once_that_her_password_was_disabled(
    identity: Identity, june: Person, second: Identity
) -> None:
    await wear_out(identity, "nobody.at.all", 100)
    await wear_out(identity, "june.hale", 99)
    await identity.loop("lock-notices").once()
    assert await identity.events("password-disabled") == []

    await identity.log_on("june.hale", WRONG)
    await asyncio.gather(
        *(replica.loop("lock-notices").once() for replica in (identity, second) * 4)
    )

    [event] = await identity.events("password-disabled")
    assert (event["account_id"], event["recipients"]) == (str(june.id), ["june@mail.example"])
    assert len(await identity.events("account-locked")) == 1
    [row] = await identity.rows("SELECT subject FROM audit_entries WHERE action LIKE 'password.%'")
    assert row["subject"] == f"account:{june.id}"


async def history(identity: Identity) -> list[str]:
    """What the audit knows of locks."""
    rows = await identity.rows(
        "SELECT action FROM audit_entries WHERE action LIKE 'lock.%' AND action <> 'lock.notice'"
        " ORDER BY at, id"
    )
    return [row["action"] for row in rows]


@pytest.mark.proves("AU-1")
async def test_the_beginning_and_the_end_of_a_lock_are_in_the_audit_once(
    identity: Identity, june: Person, second: Identity
) -> None:
    records = [replica.loop("lock-records").once for replica in (identity, second) * 2]
    known = []
    await locked(identity, "june.hale")
    await locked(identity, "nobody.at.all")

    for advance in ({}, {"minutes": 19, "seconds": 59}, {"seconds": 1}, {"days": 1}):
        identity.clock.advance(**advance)
        await asyncio.gather(*(once() for once in records))
        known.append(await history(identity))

    assert known == [["lock.begin"]] * 2 + [["lock.begin", "lock.end"]] * 2
    rows = await identity.rows(
        "SELECT DISTINCT subject, actor FROM audit_entries WHERE action LIKE 'lock.%'"
    )
    assert [tuple(row) for row in rows] == [(f"account:{june.id}", "service")]


@pytest.mark.proves("AU-1")
@pytest.mark.parametrize("looked", [True, False])
async def test_a_lock_that_a_reset_ends_has_its_end_in_the_audit_whenever_the_loop_comes(
    identity: Identity, june: Person, recovery: Recovery, looked: bool
) -> None:
    await locked(identity, "june.hale")
    if looked:
        await identity.loop("lock-records").once()
    identity.clock.advance(seconds=1)

    assert (await identity.reset(await recovery.grant(june), "Copper!Lantern-9")).status == 200
    for _ in range(2):
        await identity.loop("lock-records").once()
    assert sorted(await history(identity)) == ["lock.begin", "lock.end"]


async def test_a_reset_gives_a_disabled_password_s_account_back(
    identity: Identity, june: Person, recovery: Recovery
) -> None:
    await wear_out(identity, "june.hale", 100)

    assert (await identity.reset(await recovery.grant(june), "Copper!Lantern-9")).status == 200

    assert (await identity.log_on("june.hale", "Copper!Lantern-9")).status == 201
    await wear_out(identity, "june.hale", 99)
    assert (await identity.log_on("june.hale", "Copper!Lantern-9")).status == 201
