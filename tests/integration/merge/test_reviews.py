"""Practices decide where two accounts are not one person's by their records (MG-2)."""

from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.identity import AccountState, EnrolmentState, MergeRefusal, ReviewRefusal
from shared.contracts.merge import MergeApproved, MergeReviewEnded
from tests.builders.people import a_person, a_practice, enrolled
from tests.rigs.merge import Merging, Saga
from tests.support.clock import FakeClock

pytestmark = pytest.mark.proves("MG-2")


def practices(saga: Saga) -> tuple[Any, Any]:
    """The one of each side."""
    return saga.survivor.enrolments[0].practice_id, saga.absorbed.enrolments[0].practice_id


async def of_one_practice(merging: Merging) -> tuple[Saga, Any]:
    """A review of two accounts that one practice has records of."""
    here = a_practice()
    survivor = a_person(enrolments=(enrolled(here),))
    absorbed = a_person(enrolments=(enrolled(here),), last_name="Thorne")
    await merging.knows(survivor, absorbed)
    return await merging.under_way(survivor, absorbed), here


async def test_what_does_not_match_is_accepted_and_waits_for_practices(
    merging: Merging, clock: FakeClock
) -> None:
    survivor, absorbed = await merging.people(last_name="Thorne")
    request = await merging.request(survivor, absorbed)

    answer = await merging.send(request)

    assert answer.status == 202
    until = clock.now() + timedelta(days=30)
    assert answer.body == {
        "merge_id": str(answer.merge_id),
        "state": "under-review",
        "reason": "merge_person_mismatch",
        "requested_at": clock.now().isoformat().replace("+00:00", "Z"),
        "review_until": until.isoformat().replace("+00:00", "Z"),
        "ended_at": None,
    }
    (asked,) = await merging.reviews_requested()
    assert asked.merge_id == answer.merge_id
    assert (asked.survivor_id, asked.absorbed_id) == (survivor.account_id, absorbed.account_id)
    assert (asked.session_id, asked.review_until) == (survivor.session_id, until)
    proofs = {"reauthenticated": asked.reauthenticated, "owned": asked.owned}
    assert request.body == {**proofs, "confirm": True}
    assert await merging.requested() == []
    assert len(await merging.rows("SELECT FROM spent_grants")) == 2
    assert {row[0] for row in await merging.audited()} == {"done"}


@pytest.mark.proves("MG-3")
async def test_a_review_holds_its_pair_alone_and_both_merge_with_others_meanwhile(
    merging: Merging,
) -> None:
    saga = await merging.under_review()
    (third,) = await merging.people(1)

    again = await merging.ask(saga.survivor, saga.absorbed)
    back = await merging.ask(saga.absorbed, saga.survivor)
    assert again.refused() == back.refused() == (409, "merge_in_progress")
    assert await merging.rows("SELECT FROM busy_accounts") == []
    assert (await merging.ask(saga.survivor, third)).status == 202


async def test_a_practice_of_both_approves_by_itself(merging: Merging) -> None:
    saga, here = await of_one_practice(merging)

    answer = await merging.approves(here, saga.merge_id)

    assert answer.status == 204
    assert await merging.approved() == [MergeApproved(merge_id=saga.merge_id, approved_by=(here,))]
    assert await merging.state(saga.merge_id, saga.survivor) == ("requested", None)
    assert len(await merging.rows("SELECT FROM busy_accounts")) == 2
    await merging.hear(*saga.all_applied())
    assert await merging.state(saga.merge_id, saga.survivor) == ("completed", None)
    assert await merging.rows("SELECT FROM busy_accounts") == []
    # the two charts that it has of one account now
    assert len(await merging.rows("SELECT FROM person_conflicts")) == 1


async def test_one_practice_of_each_side_approves_and_the_first_waits_for_the_other(
    merging: Merging,
) -> None:
    saga = await merging.under_review()
    mine, others = practices(saga)

    assert (await merging.approves(others, saga.merge_id)).status == 204
    assert (await merging.state(saga.merge_id, saga.survivor))[0] == "under-review"
    assert await merging.approved() == []
    assert await merging.rows("SELECT FROM busy_accounts") == []
    assert (await merging.approves(mine, saga.merge_id)).status == 204

    assert await merging.approved() == [
        MergeApproved(merge_id=saga.merge_id, approved_by=(mine, others))
    ]
    assert (await merging.state(saga.merge_id, saga.survivor))[0] == "requested"


async def test_what_waits_for_a_practice_is_listed_before_what_waits_for_another(
    merging: Merging, clock: FakeClock
) -> None:
    here, sagas = a_practice(), []
    for _ in range(4):
        survivor = a_person(enrolments=(enrolled(here),))
        absorbed = a_person(last_name="Thorne")
        await merging.knows(survivor, absorbed)
        sagas.append(await merging.under_way(survivor, absorbed))
        clock.advance(seconds=1)
    for approved in (sagas[0], sagas[2]):
        assert (await merging.approves(here, approved.merge_id)).status == 204

    listed = (await merging.lists(here)).body["reviews"]

    expected = [(sagas[1], False), (sagas[3], False), (sagas[0], True), (sagas[2], True)]
    assert [(one["merge_id"], one["approved"]) for one in listed] == [
        (str(saga.merge_id), approved) for saga, approved in expected
    ]


async def test_a_practice_approves_once_and_for_another_of_its_side_too(merging: Merging) -> None:
    two = (enrolled(), enrolled())
    survivor, absorbed = a_person(enrolments=two), a_person(last_name="Thorne")
    await merging.knows(survivor, absorbed)
    saga = await merging.under_way(survivor, absorbed)
    first, other = (each.practice_id for each in two)
    assert (await merging.approves(first, saga.merge_id)).status == 204

    again = await merging.approves(first, saga.merge_id)
    beside = await merging.approves(other, saga.merge_id)

    assert again.refused() == beside.refused() == (409, "merge_review_approved")
    assert await merging.approved() == []


@pytest.mark.parametrize("side", [0, 1], ids=["survivor's", "absorbed's"])
@pytest.mark.parametrize("approved", [False, True])
async def test_a_practice_of_either_side_rejects_also_what_the_other_has_approved(
    merging: Merging, side: int, approved: bool
) -> None:
    saga = await merging.under_review()
    if approved:
        assert (await merging.approves(practices(saga)[1 - side], saga.merge_id)).status == 204

    answer = await merging.rejects(practices(saga)[side], saga.merge_id)

    assert answer.status == 204
    assert await merging.state(saga.merge_id, saga.survivor) == ("refused", "merge_review_rejected")
    assert await merging.reviews_ended() == [
        MergeReviewEnded(merge_id=saga.merge_id, reason=ReviewRefusal.REJECTED)
    ]
    assert sorted(await merging.audited("merge-review.reject")) == sorted(
        ("done", f"account:{person.account_id}", None) for person in (saga.survivor, saga.absorbed)
    )
    for what in ("approve", "reject"):
        late = await merging.decides(practices(saga)[1 - side], saga.merge_id, what)
        assert late.refused() == (409, "merge_review_ended")
    assert (await merging.ask(saga.survivor, saga.absorbed)).body["state"] == "under-review"


@pytest.mark.parametrize("what", ["approve", "reject"])
async def test_who_may_not_decide_is_told_what_is_told_of_none(merging: Merging, what: str) -> None:
    """A practice that gets a record of either only now decides nothing either."""
    saga = await merging.under_review()
    late = enrolled()
    later = saga.absorbed.changed(enrolments=(*saga.absorbed.enrolments, late))
    await merging.knows(later)

    for practice in (a_practice(), late.practice_id):
        answer = await merging.decides(practice, saga.merge_id, what)
        read = await merging.reads(practice, saga.merge_id)
        assert answer.refused() == read.refused() == (404, "not_found")
        assert (await merging.lists(practice)).body == {"reviews": []}

    assert await merging.state(saga.merge_id, saga.survivor) == (
        "under-review",
        "merge_person_mismatch",
    )


async def test_a_reviewer_sees_its_own_records_and_of_others_only_that_they_are(
    merging: Merging, clock: FakeClock
) -> None:
    here = a_practice()
    own = enrolled(here, EnrolmentState.UNENROLLED)
    survivor = a_person(enrolments=(own, enrolled()))
    absorbed = a_person(last_name="Thorne")
    await merging.knows(survivor, absorbed)
    saga = await merging.under_way(survivor, absorbed)
    record = {
        "patient_id": str(own.patient_id),
        "last_name": survivor.last_name,
        "first_name": survivor.first_name,
        "birth_date": survivor.birth_date.isoformat(),
    }

    (listed,) = (await merging.lists(here)).body["reviews"]
    seen = (await merging.reads(here, saga.merge_id)).body

    until = (clock.now() + timedelta(days=30)).isoformat().replace("+00:00", "Z")
    assert listed == {
        "merge_id": str(saga.merge_id),
        "review_until": until,
        "approved": False,
        "records": [record],
    }
    for side, records in (("survivor", [record]), ("absorbed", [])):
        assert "•••" in seen[side].pop("username")
        assert seen[side] == {"approved": False, "records": records}
    assert (seen["state"], seen["open"], seen["review_until"]) == ("under-review", True, until)
    assert "Thorne" not in str(seen)


@pytest.mark.parametrize("whose", [0, 1], ids=["survivor", "absorbed"])
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"security_version": 3}, "merge_proof_stale"),
        ({"state": AccountState.FROZEN}, "merge_proof_stale"),
        ({"state": AccountState.MERGED, "security_version": 3}, "account_merged"),
    ],
    ids=["changed", "frozen", "merged"],
)
async def test_nothing_is_approved_of_what_has_changed_since_and_both_may_ask_again(
    merging: Merging, whose: int, change: dict[str, Any], code: str
) -> None:
    saga = await merging.under_review()
    both = [saga.survivor, saga.absorbed]
    both[whose] = both[whose].changed(**change)
    await merging.knows(both[whose])

    answer = await merging.approves(practices(saga)[0], saga.merge_id)

    assert answer.refused() == (409, code)
    assert await merging.approved() == []
    assert await merging.features.reviews.ends.once() == 1
    assert (await merging.rows("SELECT refusal FROM merges"))[0]["refusal"] == code
    assert [told.reason for told in await merging.reviews_ended()] == [code]
    assert await merging.features.reviews.ends.once() == 0
    if code == "merge_proof_stale" and "state" not in change:
        assert (await merging.ask(*both)).body["state"] == "under-review"


async def test_after_thirty_days_it_is_refused_by_the_time(
    merging: Merging, clock: FakeClock
) -> None:
    saga = await merging.under_review()
    mine, others = practices(saga)
    await merging.approves(mine, saga.merge_id)
    clock.advance(days=30, seconds=-1)
    assert await merging.features.reviews.ends.once() == 0
    clock.advance(seconds=1)

    for what in ("approve", "reject"):
        late = await merging.decides(others, saga.merge_id, what)
        assert late.refused() == (409, "merge_review_ended")
    assert (await merging.lists(others)).body == {"reviews": []}
    assert await merging.features.reviews.ends.once() == 1

    assert await merging.state(saga.merge_id, saga.survivor) == ("refused", "merge_review_expired")
    assert await merging.reviews_ended() == [
        MergeReviewEnded(merge_id=saga.merge_id, reason=ReviewRefusal.EXPIRED)
    ]
    assert sorted(await merging.audited("merge.end")) == sorted(
        ("refused", f"account:{person.account_id}", "merge_review_expired")
        for person in (saga.survivor, saga.absorbed)
    )


async def test_what_identity_refuses_ends_the_review(merging: Merging) -> None:
    """Its proofs did not hold there: nothing is left to approve."""
    saga = await merging.under_review()

    await merging.hear(saga.rejected(MergeRefusal.GRANT_INVALID))

    assert await merging.state(saga.merge_id, saga.survivor) == ("refused", "grant_invalid")
    late = await merging.approves(practices(saga)[0], saga.merge_id)
    assert late.refused() == (409, "merge_review_ended")
    assert await merging.reviews_ended() == []


async def test_nothing_is_applied_before_it_is_approved(merging: Merging) -> None:
    saga = await merging.under_review()

    await merging.hear(saga.merged())

    assert await merging.dead() == [
        f"merge {saga.merge_id} is under-review, and now applied by identity"
    ]
    assert await merging.rows("SELECT FROM absorptions") == []


@pytest.mark.proves("MG-3")
async def test_an_approval_beside_another_merge_of_one_of_both_changes_nothing(
    merging: Merging,
) -> None:
    saga, here = await of_one_practice(merging)
    (third,) = await merging.people(1)
    other = await merging.under_way(saga.survivor, third)

    beside = await merging.approves(here, saga.merge_id)
    await merging.hear(other.rejected())

    assert beside.refused() == (409, "merge_in_progress")
    assert (await merging.approves(here, saga.merge_id)).status == 204


@pytest.mark.proves("MG-9")
async def test_a_review_is_not_stuck_and_what_was_approved_counts_from_then(
    merging: Merging, clock: FakeClock
) -> None:
    saga, here = await of_one_practice(merging)
    clock.advance(days=29)
    assert await merging.features.saga.watch.warning() is None
    await merging.approves(here, saga.merge_id)
    clock.advance(seconds=600)
    assert await merging.features.saga.watch.warning() is None
    clock.advance(seconds=1)

    assert str(saga.merge_id) in str(await merging.features.saga.watch.warning())
