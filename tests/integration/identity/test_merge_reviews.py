"""What was proven of a merge that practices decide is kept, and an approval names it (MG-2)."""

import asyncio
from collections import Counter
from itertools import permutations
from typing import Any

import pytest

from shared.contracts.identity import ReviewRefusal
from shared.contracts.merge import MergeReviewRequested
from tests.builders.merges import (
    Registry,
    again,
    approval,
    deliver,
    end_of_review,
    envelope,
    for_review,
    no_deadlock,
    outcomes,
    replace_of,
)
from tests.rigs.identity import Identity, Person, Recovery

pytestmark = pytest.mark.proves("MG-2")
NEW = "Copper!Lantern-42"


async def asked(
    identity: Identity, registry: Registry, **absorbed: Any
) -> tuple[MergeReviewRequested, Person, Person]:
    """A request for review of two who are two by their records, on its way."""
    survivor, absorbed_one = await registry.two(**{"last_name": "Hale", **absorbed})
    request = await registry.request(survivor, absorbed_one)
    return for_review(request, identity), survivor, absorbed_one


async def under_review(
    identity: Identity, registry: Registry, **absorbed: Any
) -> tuple[MergeReviewRequested, Person, Person]:
    """The same once it has arrived."""
    found = await asked(identity, registry, **absorbed)
    await deliver(identity, envelope(found[0], identity))
    return found


async def refused(identity: Identity) -> list[str]:
    """For what reviews were told to have ended."""
    return [event["reason"] for event in await identity.events("merge-review-refused")]


@pytest.mark.proves("MG-6")
async def test_what_was_proven_is_kept_the_proofs_are_spent_and_both_are_told(
    identity: Identity, registry: Registry
) -> None:
    survivor = await registry.a_member(email="june@mail.example")
    absorbed = await registry.a_member(desk=1, email="old@mail.example", last_name="Hale")
    request = for_review(await registry.request(survivor, absorbed), identity)

    await deliver(identity, envelope(request, identity))

    [told] = await identity.events("merge-under-review")
    assert told["recipients"] == ["june@mail.example", "old@mail.example"]
    assert told["absorbed_recipients"] == ["old@mail.example"]
    assert (told["account_id"], told["absorbed_id"]) == (str(survivor.id), str(absorbed.id))
    assert told["review_until"].startswith(request.review_until.isoformat()[:19])
    assert len(await identity.rows("SELECT FROM spent_grants")) == 2
    [kept] = await identity.rows("SELECT * FROM merge_reviews")
    versions = await identity.rows(
        "SELECT security_version FROM accounts WHERE id = ANY($1) ORDER BY id = $2",
        [survivor.id, absorbed.id],
        absorbed.id,
    )
    assert (kept["survivor_id"], kept["absorbed_id"]) == (survivor.id, absorbed.id)
    assert [kept["survivor_version"], kept["absorbed_version"]] == [row[0] for row in versions]
    assert request.owned not in str(dict(kept))
    assert await outcomes(identity) == []
    assert await identity.rows("SELECT FROM merges") == []


async def test_an_approval_merges_whatever_the_records_say_and_ends_every_session(
    identity: Identity, registry: Registry
) -> None:
    """SE-1: practices act, so there is no session that asks."""
    request, survivor, absorbed = await under_review(identity, registry)
    identity.clock.advance(days=29)

    await deliver(identity, approval(request, identity))

    assert await outcomes(identity) == [("accounts-merged", None)]
    [row] = await identity.rows("SELECT merged_into FROM accounts WHERE id = $1", absorbed.id)
    assert row["merged_into"] == survivor.id
    assert await identity.rows("SELECT FROM sessions WHERE ended_at IS NULL") == []
    await no_deadlock(identity)


@pytest.mark.proves("MG-9")
@pytest.mark.parametrize("reason", [None, ReviewRefusal.REJECTED])
@pytest.mark.parametrize("order", list(permutations(range(2))))
@pytest.mark.parametrize("together", [True, False], ids=["one batch", "two"])
async def test_the_order_of_what_is_heard_does_not_matter(
    identity: Identity,
    registry: Registry,
    order: tuple[int, ...],
    reason: ReviewRefusal | None,
    together: bool,
) -> None:
    """An approval before what was proven waits for it; each is heard twice as another event."""
    request, *_ = await asked(identity, registry)
    end = end_of_review(request, identity, reason) if reason else approval(request, identity)
    bodies = [(envelope(request, identity), end)[number] for number in order]

    if together:
        await deliver(identity, *bodies)
    else:
        for body in bodies:
            await deliver(identity, body)
    await deliver(identity, envelope(request, identity))

    assert await outcomes(identity) == ([] if reason else [("accounts-merged", None)])
    assert await refused(identity) == ([reason] if reason else [])
    assert await identity.rows("SELECT FROM inbox_retry") == []
    assert len(await identity.rows("SELECT FROM spent_grants")) == 2


@pytest.mark.proves("MG-6")
@pytest.mark.parametrize("reason", ReviewRefusal)
async def test_of_a_review_that_has_ended_nothing_comes_any_more_and_both_are_told(
    identity: Identity, registry: Registry, reason: ReviewRefusal
) -> None:
    request, *_ = await under_review(identity, registry, email="old@mail.example")

    await deliver(identity, end_of_review(request, identity, reason))
    await deliver(identity, approval(request, identity))

    assert await outcomes(identity) == []
    [told] = await identity.events("merge-review-refused")
    assert (told["reason"], told["absorbed_recipients"]) == (reason, ["old@mail.example"])
    rows = await identity.rows(
        "SELECT detail FROM audit_entries WHERE action = 'account.merge' AND outcome = 'refused'"
    )
    assert [row["detail"] for row in rows] == [reason] * 2


@pytest.mark.parametrize("whose", [0, 1], ids=["survivor", "absorbed"])
@pytest.mark.parametrize("how", ["password", "frozen"])
async def test_an_approval_counts_while_both_versions_stand(
    identity: Identity, registry: Registry, recovery: Recovery, whose: int, how: str
) -> None:
    request, *both = await under_review(identity, registry)
    if how == "frozen":
        await identity.freeze(both[whose].id)
    else:
        assert (await identity.reset(await recovery.grant(both[whose]), NEW)).status == 200

    await deliver(identity, approval(request, identity))

    assert await outcomes(identity) == [("merge-rejected", "merge_proof_stale")]
    states = await identity.rows("SELECT FROM accounts WHERE state = 'merged'")
    assert states == []


@pytest.mark.proves("MG-3")
async def test_an_account_that_another_merge_has_absorbed_is_not_merged_by_an_approval(
    identity: Identity, registry: Registry
) -> None:
    request, _, absorbed = await under_review(identity, registry)
    third = await registry.a_member(last_name="Hale")
    await registry.merge(third, absorbed)

    await deliver(identity, approval(request, identity))

    assert ("merge-rejected", "account_merged") in await outcomes(identity)


async def test_what_was_proven_counts_for_no_longer_than_a_review(
    identity: Identity, registry: Registry
) -> None:
    """Whoever speaks for merge, and keeps an approval back, has nothing of it."""
    request, *_ = await under_review(identity, registry)
    identity.clock.advance(days=33, seconds=1)

    await deliver(identity, approval(request, identity))

    assert await outcomes(identity) == [("merge-rejected", "merge_proof_stale")]


@pytest.mark.parametrize("forged", ["owned", "late", "used"])
async def test_proofs_that_do_not_hold_are_told_to_nobody_and_are_an_alarm(
    identity: Identity, registry: Registry, forged: str
) -> None:
    request, *_ = await asked(identity, registry, email="old@mail.example")
    told_before = 0
    match forged:
        case "owned":
            request = replace_of(request, owned="a.b.c")
        case "late":
            identity.clock.advance(hours=72)
        case _:
            await deliver(identity, envelope(request, identity))
            told_before, request = 1, again(request)
    reason = "grant_used" if told_before else "grant_invalid"
    before = identity.plumbing.metrics.value("merges_unproven", reason=reason)

    await deliver(identity, envelope(request, identity), approval(request, identity))

    [told] = await identity.events("merge-rejected")
    assert (told["reason"], told["proven"], told["recipients"]) == (reason, False, [])
    assert len(await identity.events("merge-under-review")) == told_before
    assert await outcomes(identity) == [("merge-rejected", reason)]
    assert identity.plumbing.metrics.value("merges_unproven", reason=reason) == before + 1
    rows = await identity.rows(
        "SELECT actor, subject FROM audit_entries WHERE detail = $1 AND outcome = 'refused'", reason
    )
    assert [tuple(row) for row in rows] == [("service", f"merge:{request.merge_id}")]


@pytest.mark.proves("MG-3", "MG-9")
@pytest.mark.parametrize("attempt", range(2))
async def test_reviews_and_merges_of_shared_accounts_at_once_deadlock_nowhere(
    identity: Identity, second: Identity, registry: Registry, attempt: int
) -> None:
    """B into A and A into B under review and approved, beside B into C that matches: B goes once,
    and takes A along where A had come to B before that.
    """
    request, ann, bea = await under_review(identity, registry)
    back = for_review(await registry.request(bea, ann), identity)
    cat = await registry.a_member(last_name="Hale")
    beside = await registry.request(cat, bea)
    bodies = [
        approval(request, identity),
        envelope(back, identity),
        approval(back, identity),
        envelope(beside, identity),
    ]

    await asyncio.gather(
        *(deliver((identity, second)[number % 2], body) for number, body in enumerate(bodies))
    )

    into = {
        event["absorbed_id"]: event["account_id"]
        for event in await identity.events("accounts-merged")
    }
    a, b, c = (str(one.id) for one in (ann, bea, cat))
    assert into in ({b: a}, {b: c}, {a: b, b: c})
    told = Counter(event for event, _ in await outcomes(identity))
    assert told == {"accounts-merged": len(into), "merge-rejected": 3 - len(into)}
    await no_deadlock(identity, second)
