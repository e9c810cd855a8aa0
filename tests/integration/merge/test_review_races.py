"""A review is decided once: approvals, rejections, the time and identity at once (MG-2, MG-3)."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from shared.contracts.identity import MergeRefusal
from tests.builders.people import a_person, a_practice, enrolled
from tests.rigs.merge import Merging, Saga, sent_at_once
from tests.rigs.replica import Answer
from tests.support.clock import FakeClock

pytestmark = pytest.mark.proves("MG-2", "MG-3")
ROUNDS = pytest.mark.parametrize("attempt", range(3))  # a race may go either way

Racer = Callable[[Merging, Saga], Coroutine[Any, Any, object]]


async def of_two(merging: Merging) -> tuple[Saga, Any, Any]:
    """A review, the survivor's practice and the other one's."""
    saga = await merging.under_review()
    mine, others = (one.enrolments[0].practice_id for one in (saga.survivor, saga.absorbed))
    return saga, mine, others


async def settled(merging: Merging, saga: Saga) -> tuple[str, str | None]:
    """How it ended, of which identity has been told once, and nothing is half done.

    What identity refuses it may have been asked for before.
    """
    state, reason = await merging.state(saga.merge_id, saga.survivor)
    approved, ended = await merging.approved(), await merging.reviews_ended()
    busy = await merging.rows("SELECT FROM busy_accounts")
    if state == "requested":
        assert (len(approved), len(ended), len(busy)) == (1, 0, 2)
    else:
        assert state == "refused"
        assert len(busy) == 0
        assert len(approved) <= (reason == "grant_invalid")
        assert len(ended) == (0 if reason == "grant_invalid" else 1)
    [row] = await merging.rows("SELECT ended_at FROM reviews")
    assert row["ended_at"] is not None
    return state, reason


@ROUNDS
async def test_two_sides_that_approve_at_once_are_one_approval(
    merging: Merging, second: Merging, attempt: int
) -> None:
    saga, mine, others = await of_two(merging)

    answers = await asyncio.gather(
        *(side.approves(mine, saga.merge_id) for side in (merging, second) * 4),
        *(side.approves(others, saga.merge_id) for side in (merging, second) * 4),
    )

    told = Counter(answer.refused() for answer in answers)
    assert told.pop((204, "")) == 2
    assert set(told) <= {(409, "merge_review_approved"), (409, "merge_review_ended")}
    assert await settled(merging, saga) == ("requested", None)
    assert [set(one.approved_by) for one in await merging.approved()] == [{mine, others}]


@ROUNDS
async def test_two_reviewers_of_one_practice_are_one_approval(
    merging: Merging, second: Merging, attempt: int
) -> None:
    saga, mine, _ = await of_two(merging)

    answers = await asyncio.gather(
        *(side.approves(mine, saga.merge_id) for side in (merging, second) * 8)
    )

    told = Counter(answer.refused() for answer in answers)
    assert told == {(204, ""): 1, (409, "merge_review_approved"): 15}
    assert await merging.approved() == []
    assert await merging.rows("SELECT FROM busy_accounts") == []


@ROUNDS
@pytest.mark.parametrize("against", ["rejection", "time", "identity"])
async def test_the_last_approval_beside_what_ends_the_review_has_one_winner(
    merging: Merging, second: Merging, clock: FakeClock, attempt: int, against: str
) -> None:
    saga, mine, others = await of_two(merging)
    assert (await merging.approves(mine, saga.merge_id)).status == 204
    ends: dict[str, Racer] = {
        "rejection": lambda by, of: by.rejects(mine, of.merge_id),
        "time": lambda by, _: by.features.reviews.ends.once(),
        "identity": lambda by, of: by.hear(of.rejected(MergeRefusal.GRANT_INVALID)),
    }
    if against == "time":  # a replica whose loop has waited, and an approval that came in time
        await merging.rows("SELECT 1")
        clock.advance(days=30, seconds=-1)
    end = ends[against]

    async def ending() -> object:
        if against == "time":
            clock.advance(seconds=1)
        return await end(second, saga)

    first, ended, *more = await asyncio.gather(
        merging.approves(others, saga.merge_id),
        ending(),
        second.approves(others, saga.merge_id),
        merging.approves(others, saga.merge_id),
    )

    approvals = [first, *more]
    state, reason = await settled(merging, saga)
    assert sum(answer.status == 204 for answer in approvals) == len(await merging.approved())
    if state == "requested":
        assert against != "identity"
    else:
        assert (
            reason
            == {
                "rejection": "merge_review_rejected",
                "time": "merge_review_expired",
                "identity": "grant_invalid",
            }[against]
        )
    answers = [*approvals, ended] if isinstance(ended, Answer) else approvals
    assert {answer.code for answer in answers} <= {"", "merge_review_ended"}
    assert await merging.rows("SELECT FROM inbox_retry") == []
    assert await merging.dead() == []


@ROUNDS
async def test_approvals_beside_requests_of_the_same_accounts_deadlock_nowhere(
    merging: Merging, second: Merging, attempt: int
) -> None:
    """A→B is approved by either side while B→A, A→C and C→B are asked for: nobody is a victim."""
    here = a_practice()
    ann = a_person(enrolments=(enrolled(here),))
    bea = a_person(enrolments=(enrolled(here),), last_name="Thorne")
    cat = a_person(last_name="Thorne")
    await merging.knows(ann, bea, cat)
    saga = await merging.under_way(ann, bea)
    pairs = [(bea, ann), (ann, cat), (cat, bea)] * 4
    requests = [await merging.request(*pair) for pair in pairs]

    approvals, answers = await asyncio.gather(
        asyncio.gather(*(side.approves(here, saga.merge_id) for side in (merging, second) * 4)),
        sent_at_once([merging, second] * 6, requests),
    )

    told = {answer.refused() for answer in approvals}
    assert told <= {(204, ""), (409, "merge_in_progress"), (409, "merge_review_ended")}
    refused = {answer.refused() for answer in answers if answer.status != 202}
    assert refused <= {(409, "merge_in_progress")}
    taken = [
        row["account_id"] for row in await merging.rows("SELECT account_id FROM busy_accounts")
    ]
    assert len(set(taken)) == len(taken)
    open_pairs = await merging.rows(
        "SELECT FROM reviews WHERE ended_at IS NULL"
        " GROUP BY least(survivor_id, absorbed_id), greatest(survivor_id, absorbed_id)"
        " HAVING count(*) > 1"
    )
    assert open_pairs == []
    async with merging.plumbing.database.connection() as connection:
        await connection.execute("SELECT pg_stat_force_next_flush()")
    [row] = await merging.rows(
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    )
    assert row["deadlocks"] == 0


@ROUNDS
async def test_requests_of_one_pair_at_once_are_one_review(
    merging: Merging, second: Merging, attempt: int
) -> None:
    ann, bea = await merging.people(last_name="Thorne")
    requests = [await merging.request(*pair) for pair in [(ann, bea), (bea, ann)] * 4]

    answers = await sent_at_once([merging, second] * 4, requests)

    told = Counter(answer.refused() for answer in answers)
    assert told == {(202, ""): 1, (409, "merge_in_progress"): 7}
    assert len(await merging.reviews_requested()) == 1
