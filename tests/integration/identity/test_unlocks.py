"""A practice clears the lock of its own patient's account (LG-2, ST-1)."""

import asyncio
from collections import Counter

import pytest

from tests.builders.practices import PracticeDesk
from tests.rigs.identity import Identity

NAME = "maria.garcia"
WRONG = "Wrong-Guess-1234"


async def fail(identity: Identity, times: int) -> None:
    for _ in range(times):
        await identity.log_on(NAME, WRONG)


@pytest.mark.proves("LG-2", "ST-1")
async def test_after_the_practice_unlocked_counting_begins_anew(desk: PracticeDesk) -> None:
    patient_id = await desk.enrolled()
    await fail(desk.identity, 4)
    assert (await desk.identity.log_on(NAME)).status == 401

    answer = await desk.unlock(patient_id)

    assert (answer.status, answer.body) == (204, {})
    await fail(desk.identity, 3)
    assert (await desk.identity.log_on(NAME)).status == 201
    await fail(desk.identity, 4)
    assert (await desk.identity.log_on(NAME)).status == 401


@pytest.mark.proves("LG-2")
async def test_unlocking_clears_failures_that_have_not_locked_yet(desk: PracticeDesk) -> None:
    patient_id = await desk.enrolled()
    await fail(desk.identity, 3)

    await desk.unlock(patient_id)
    await fail(desk.identity, 3)

    assert (await desk.identity.log_on(NAME)).status == 201


@pytest.mark.proves("LG-2")
async def test_unlocking_what_is_not_locked_changes_nothing(desk: PracticeDesk) -> None:
    patient_id = await desk.enrolled()

    assert [(await desk.unlock(patient_id)).status for _ in range(2)] == [204, 204]
    assert await desk.identity.rows("SELECT FROM lockouts") == []


@pytest.mark.proves("LG-2", "V2.3.4")
async def test_unlocking_waits_for_nobody_who_holds_the_record(desk: PracticeDesk) -> None:
    patient_id = await desk.enrolled()
    await fail(desk.identity, 4)

    async with desk.identity.plumbing.database.transaction() as holding:
        await holding.execute("SELECT FROM patients FOR NO KEY UPDATE")
        await holding.execute("SELECT FROM accounts FOR NO KEY UPDATE")
        answer = await desk.unlock(patient_id)

    assert answer.status == 204


@pytest.mark.proves("LG-2")
async def test_the_holder_hears_of_the_lock_and_of_the_unlocking(desk: PracticeDesk) -> None:
    patient_id = await desk.enrolled()
    await fail(desk.identity, 4)
    until = desk.identity.clock.now()

    await desk.unlock(patient_id)
    await desk.unlock(patient_id)
    await desk.identity.loop("lock-notices").once()

    [locked] = await desk.identity.events("account-locked")
    [unlocked] = await desk.identity.events("account-unlocked")
    [account] = await desk.identity.rows("SELECT id FROM accounts")
    assert unlocked["account_id"] == locked["account_id"] == str(account["id"])
    assert unlocked["practice_name"] == "Elm Street Practice"
    assert unlocked["practice_contact"] == "+1 555 0100"
    assert unlocked["occurred_at"] == until.isoformat().replace("+00:00", "Z")


@pytest.mark.proves("LG-2", "V15.4.2")
async def test_of_parallel_unlocks_and_guesses_three_unlocks_count(desk: PracticeDesk) -> None:
    patient_id = await desk.enrolled()
    answers = []

    for _ in range(5):  # twenty calls are what the practice's client has in an hour
        await fail(desk.identity, 4)
        answers += await asyncio.gather(*(desk.unlock(patient_id) for _ in range(4)))

    assert Counter(answer.status for answer in answers) == {204: 12, 429: 8}
    assert len(await desk.identity.events("account-unlocked")) == 3
    told = await desk.identity.rows("SELECT FROM audit_entries WHERE detail = 'wrong'")
    assert len(told) == 16


@pytest.mark.proves("LG-2")
async def test_unlocking_gives_nobody_more_than_a_hundred_guesses_in_a_row(
    identity: Identity, desk: PracticeDesk
) -> None:
    patient_id = await desk.enrolled()
    for number in range(100):
        if number and number % 4 == 0:
            identity.clock.advance(hours=8)
            assert (await (await desk.renewed()).unlock(patient_id)).status == 204
        await identity.log_on(NAME, WRONG)
    identity.clock.advance(days=2)

    assert (await identity.log_on(NAME)).status == 401
    assert (await (await desk.renewed()).unlock(patient_id)).status == 204
    assert (await identity.log_on(NAME)).status == 201


@pytest.mark.proves("LG-2", "AU-1")
async def test_a_lock_that_the_practice_ends_has_its_end_in_the_audit(desk: PracticeDesk) -> None:
    patient_id = await desk.enrolled()
    await fail(desk.identity, 4)
    await desk.identity.loop("lock-records").once()
    desk.identity.clock.advance(seconds=1)

    await desk.unlock(patient_id)
    await desk.identity.loop("lock-records").once()

    rows = await desk.identity.rows(
        "SELECT action FROM audit_entries WHERE action IN ('lock.begin', 'account.unlock',"
        " 'lock.end') ORDER BY at, id"
    )
    assert Counter(row["action"] for row in rows) == {
        "lock.begin": 1,
        "account.unlock": 1,
        "lock.end": 1,
    }
