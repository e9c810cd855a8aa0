"""One merge at a time: whoever races for an account, one wins and nobody deadlocks (MG-3)."""

import asyncio
from collections import Counter

import pytest

from deploy.client.eventually import eventually
from tests.rigs.merge import Merging, sent_at_once
from tests.support.database import Database

ROUNDS = pytest.mark.parametrize("attempt", range(3))  # a race may go either way


@pytest.mark.proves("MG-3")
@pytest.mark.parametrize("replicas", [1, 2])
@ROUNDS
async def test_a_into_b_beside_b_into_a_has_one_winner(
    merging: Merging, second: Merging, replicas: int, attempt: int
) -> None:
    ann, bea = await merging.people()
    pairs = [(ann, bea), (bea, ann)] * 4
    requests = [await merging.request(*pair) for pair in pairs]

    answers = await sent_at_once(([merging, second][:replicas] * 8)[:8], requests)

    told = Counter((answer.status, answer.code) for answer in answers)
    assert told == {(202, ""): 1, (409, "merge_in_progress"): 7}
    assert len(await merging.requested()) == 1
    assert len(await merging.rows("SELECT FROM spent_grants")) == 2


@pytest.mark.proves("MG-3")
@ROUNDS
async def test_a_third_that_wants_the_same_account_comes_second(
    merging: Merging, second: Merging, attempt: int
) -> None:
    """Whatever the order of their ids: A→B, C→B, B→D and D→A each share an account with another."""
    ann, bea, cat, dee = await merging.people(4)
    pairs = [(ann, bea), (cat, bea), (bea, dee), (dee, ann)] * 4
    requests = [await merging.request(*pair) for pair in pairs]

    answers = await sent_at_once([merging, second] * 8, requests)

    assert {answer.refused() for answer in answers if answer.status != 202} == {
        (409, "merge_in_progress")
    }
    merges = await merging.rows("SELECT survivor_id, absorbed_id FROM merges")
    taken = [account for merge in merges for account in merge]
    assert len(merges) in (1, 2)
    assert len(set(taken)) == len(taken)
    busy = await merging.rows("SELECT account_id FROM busy_accounts")
    assert sorted(row["account_id"] for row in busy) == sorted(taken)
    assert len(await merging.rows("SELECT FROM spent_grants")) == 2 * len(merges)


@pytest.mark.proves("MG-3")
async def test_who_waited_for_the_end_of_a_merge_decides_by_what_it_left(
    merging: Merging, database: Database
) -> None:
    """C→B waits for B while A→B ends, and decides after that: nothing read before counts."""
    ann, bea, cat = await merging.people(3)
    saga = await merging.under_way(ann, bea)
    request = await merging.request(cat, bea)

    async with database.connection("merge") as other, other.transaction():
        await other.execute("DELETE FROM busy_accounts")
        await other.execute(
            "INSERT INTO absorptions VALUES ($1, $2, $3, now())",
            bea.account_id,
            ann.account_id,
            saga.merge_id,
        )
        asking = asyncio.create_task(merging.send(request))
        await eventually(lambda: database.waits_for_a_lock("merge"))

    assert (await asking).refused() == (409, "account_merged")
    assert len(await merging.rows("SELECT FROM merges")) == 1


@pytest.mark.proves("MG-3")
async def test_accounts_are_taken_in_the_order_of_their_ids(
    merging: Merging, database: Database
) -> None:
    """Another has the lower and wants the higher: nobody may hold that one while waiting."""
    low, high = sorted(await merging.people(), key=lambda person: person.account_id)
    request = await merging.request(high, low)

    async with database.connection("merge") as other:
        undone = other.transaction()
        await undone.start()
        merge_id = await other.fetchval(
            "INSERT INTO merges VALUES (gen_random_uuid(), $1, $2, '{}', NULL, now())"
            " RETURNING merge_id",
            low.account_id,
            high.account_id,
        )
        take = "INSERT INTO busy_accounts VALUES ($1, $2)"
        await other.execute(take, low.account_id, merge_id)
        asking = asyncio.create_task(merging.send(request))
        await eventually(lambda: database.waits_for_a_lock("merge"))
        await other.execute(take, high.account_id, merge_id, timeout=5)
        await undone.rollback()

    assert (await asking).status == 202


@pytest.mark.proves("MG-3")
@ROUNDS
async def test_requests_beside_the_end_of_a_merge_never_get_the_absorbed_account(
    merging: Merging, second: Merging, attempt: int
) -> None:
    ann, bea, cat = await merging.people(3)
    saga = await merging.under_way(ann, bea)
    requests = [await merging.request(cat, bea) for _ in range(12)]

    ending = asyncio.create_task(merging.hear(*saga.all_applied()))
    answers = await sent_at_once([second] * 12, requests)
    await ending

    assert {answer.refused() for answer in answers} <= {
        (409, "merge_in_progress"),
        (409, "account_merged"),
    }
    assert len(await merging.rows("SELECT FROM merges")) == 1
    assert len(await merging.rows("SELECT FROM spent_grants")) == 2


@pytest.mark.proves("MG-3")
async def test_the_loser_may_ask_again_with_the_same_proofs(merging: Merging) -> None:
    """A refusal spends nothing: once the first merge was refused, the second goes through."""
    ann, bea, cat = await merging.people(3)
    saga = await merging.under_way(ann, bea)
    request = await merging.request(cat, bea)
    assert (await merging.send(request)).refused() == (409, "merge_in_progress")
    await merging.hear(saga.rejected())

    answer = await merging.send(request)

    assert answer.status == 202
    assert ("refused", f"account:{cat.account_id}", "merge_in_progress") in await merging.audited()


@pytest.mark.proves("MG-9")
@ROUNDS
async def test_two_replicas_that_hear_the_same_messages_end_a_merge_once(
    merging: Merging, second: Merging, attempt: int
) -> None:
    """Each message reaches both replicas, under another id each time, one by one."""
    ann, bea = await merging.people()
    saga = await merging.under_way(ann, bea)

    await asyncio.gather(
        *(
            replica.hear(delivery)
            for replica in (merging, second)
            for _ in range(3)
            for delivery in saga.all_applied()
        )
    )

    assert await merging.state(saga.merge_id, ann) == ("completed", None)
    assert len(await merging.audited("merge.end")) == 1
    assert len(await merging.rows("SELECT FROM absorptions")) == 1
    assert await merging.rows("SELECT FROM busy_accounts") == []
    assert await merging.dead() == []
    assert await merging.rows("SELECT FROM inbox_retry") == []
