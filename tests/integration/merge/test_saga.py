"""The saga: what was heard of a merge, in any order and repeated, brings it to its end (MG-9)."""

from itertools import permutations

import pytest

from shared.contracts.identity import AccountState, MergeRefusal
from shared.contracts.ids import MergeId
from tests.builders.people import a_person
from tests.rigs.merge import RANDOM, Merging, Saga
from tests.support.clock import FakeClock

ORDERS = list(permutations(("merged", "recovery_applied", "notify_applied")))


@pytest.mark.proves("MG-9")
@pytest.mark.parametrize("order", ORDERS)
async def test_a_merge_is_completed_when_all_have_applied_it_in_any_order(
    merging: Merging, clock: FakeClock, order: tuple[str, ...]
) -> None:
    saga = await merging.a_merge()
    clock.advance(seconds=7)

    states = []
    for name in order:
        for _ in range(2):  # each twice, as another event
            await merging.hear(getattr(saga, name)())
            states.append((await merging.state(saga.merge_id, saga.survivor))[0])

    assert states == ["applying"] * 4 + ["completed"] * 2
    assert await merging.rows("SELECT FROM busy_accounts") == []
    (absorption,) = await merging.rows("SELECT absorbed_id, survivor_id FROM absorptions")
    assert tuple(absorption) == (saga.absorbed.account_id, saga.survivor.account_id)
    (ended,) = await merging.rows("SELECT ended_at - requested_at AS took FROM merges")
    assert ended["took"].total_seconds() == 7
    assert await merging.audited("merge.end") == [
        ("done", f"account:{saga.survivor.account_id}", str(saga.merge_id))
    ]
    assert await merging.dead() == []


@pytest.mark.proves("MG-9")
async def test_the_accounts_stay_taken_until_the_last_has_applied(merging: Merging) -> None:
    saga = await merging.a_merge()
    [other] = await merging.people(1)

    await merging.hear(saga.merged(), saga.recovery_applied())
    before = await merging.ask(saga.survivor, other)
    await merging.hear(saga.notify_applied())
    after = await merging.ask(saga.survivor, other)

    assert before.refused() == (409, "merge_in_progress")
    assert after.status == 202


@pytest.mark.proves("MG-9")
@pytest.mark.parametrize("reason", [MergeRefusal.PROOF_STALE, MergeRefusal.ACCOUNT_MERGED])
async def test_a_merge_that_identity_refuses_ends_with_its_reason(
    merging: Merging, reason: MergeRefusal
) -> None:
    saga = await merging.a_merge()

    for _ in range(2):
        await merging.hear(saga.rejected(reason))

    assert await merging.state(saga.merge_id, saga.survivor) == ("refused", reason)
    assert await merging.rows("SELECT FROM busy_accounts") == []
    assert await merging.rows("SELECT FROM absorptions") == []
    assert await merging.audited("merge.end") == [
        ("refused", f"account:{saga.survivor.account_id}", reason)
    ]
    assert (await merging.ask(saga.survivor, saga.absorbed)).status == 202


@pytest.mark.proves("MG-9")
@pytest.mark.parametrize("attempt", range(3))  # each another order
async def test_many_merges_shuffled_and_doubled_all_end(merging: Merging, attempt: int) -> None:
    """Batches of any cut, each message twice under its own id and once more under another."""
    sagas = [await merging.a_merge() for _ in range(12)]
    refused, merged = sagas[:3], sagas[3:]
    messages = [saga.rejected() for saga in refused * 2]
    messages += [delivery for saga in merged * 2 for delivery in saga.all_applied()]
    messages *= 2
    messages.sort(key=lambda _: RANDOM.bytes(8))

    while messages:
        cut = int(RANDOM.between(1, 20))
        batch, messages = messages[:cut], messages[cut:]
        await merging.hear(*batch)

    states = {
        saga.merge_id: (await merging.state(saga.merge_id, saga.survivor))[0] for saga in sagas
    }
    assert states == {
        **{saga.merge_id: "refused" for saga in refused},
        **{saga.merge_id: "completed" for saga in merged},
    }
    assert await merging.rows("SELECT FROM busy_accounts") == []
    assert len(await merging.rows("SELECT FROM absorptions")) == len(merged)
    assert len(await merging.audited("merge.end")) == len(sagas)
    assert (await merging.dead(), await merging.rows("SELECT FROM inbox_retry")) == ([], [])


@pytest.mark.proves("MG-9")
@pytest.mark.parametrize("name", ["merged", "rejected", "recovery_applied", "notify_applied"])
async def test_a_message_about_an_unknown_merge_is_a_dead_letter(
    merging: Merging, name: str
) -> None:
    saga = Saga(merge_id=MergeId(RANDOM.uuid()), survivor=a_person(), absorbed=a_person())

    await merging.hear(getattr(saga, name)())

    assert await merging.dead() == [f"there is no merge {saga.merge_id}"]


@pytest.mark.proves("MG-9")
@pytest.mark.parametrize(
    ("name", "by"),
    [("merged", "identity"), ("recovery_applied", "recovery"), ("notify_applied", "notify")],
)
async def test_a_merge_applied_and_refused_is_a_dead_letter_whatever_came_first(
    merging: Merging, name: str, by: str
) -> None:
    first, then = await merging.a_merge(), await merging.a_merge()

    await merging.hear(first.rejected())
    await merging.hear(getattr(first, name)())
    await merging.hear(getattr(then, name)())
    await merging.hear(then.rejected())

    assert await merging.dead() == [
        f"merge {first.merge_id} is refused, and now applied by {by}",
        f"merge {then.merge_id} was applied, and now refused",
    ]
    assert (await merging.state(first.merge_id, first.survivor))[0] == "refused"
    assert (await merging.state(then.merge_id, then.survivor))[0] == "applying"
    assert await merging.rows("SELECT FROM absorptions WHERE merge_id = $1", first.merge_id) == []


@pytest.mark.proves("MG-9")
@pytest.mark.parametrize("name", ["merged", "rejected"])
async def test_identity_speaking_of_other_accounts_is_a_dead_letter(
    merging: Merging, name: str
) -> None:
    saga = await merging.a_merge()
    wrong = Saga(merge_id=saga.merge_id, survivor=saga.absorbed, absorbed=saga.survivor)

    await merging.hear(getattr(wrong, name)())

    assert await merging.dead() == [f"merge {saga.merge_id} is about other accounts"]
    assert await merging.state(saga.merge_id, saga.survivor) == ("requested", None)


@pytest.mark.proves("MG-9")
async def test_chains_are_flat_at_every_step(merging: Merging) -> None:
    """A←B, then A'←A: whoever was absorbed leads to who is left, at one look."""
    ann, bea, cat, dee = await merging.people(4)

    for survivor, absorbed in ((bea, cat), (ann, bea), (dee, ann)):
        saga = await merging.under_way(survivor, absorbed)
        await merging.hear(*saga.all_applied())

    rows = await merging.rows("SELECT absorbed_id, survivor_id FROM absorptions")
    assert {row["absorbed_id"]: row["survivor_id"] for row in rows} == {
        person.account_id: dee.account_id for person in (ann, bea, cat)
    }


@pytest.mark.proves("MG-9")
async def test_a_chain_is_flat_where_the_earlier_message_comes_last(merging: Merging) -> None:
    """A dead letter replayed: B←C is heard after A←B, which could not have been asked for."""
    ann, bea, cat = await merging.people(3)
    later = await merging.under_way(ann, bea)
    await merging.rows("DELETE FROM busy_accounts")
    earlier = await merging.under_way(bea, cat)

    await merging.hear(later.merged())
    await merging.hear(earlier.merged())

    rows = await merging.rows("SELECT absorbed_id, survivor_id FROM absorptions")
    assert {row["absorbed_id"]: row["survivor_id"] for row in rows} == {
        person.account_id: ann.account_id for person in (bea, cat)
    }


@pytest.mark.proves("MG-3")
@pytest.mark.parametrize("as_survivor", [True, False])
async def test_after_a_merge_the_absorbed_account_is_told_as_merged(
    merging: Merging, as_survivor: bool
) -> None:
    """Even before identity's snapshot of it has come."""
    saga = await merging.a_merge()
    await merging.hear(*saga.all_applied())
    [other] = await merging.people(1)
    pair = (saga.absorbed, other) if as_survivor else (other, saga.absorbed)

    answer = await merging.ask(*pair)

    assert answer.refused() == (409, "account_merged")
    assert len(await merging.rows("SELECT FROM spent_grants")) == 2


@pytest.mark.proves("MG-3")
async def test_the_survivor_may_be_merged_again(merging: Merging) -> None:
    saga = await merging.a_merge()
    await merging.hear(*saga.all_applied())
    both = (*saga.survivor.enrolments, *saga.absorbed.enrolments)
    survivor = saga.survivor.changed(enrolments=both)
    await merging.knows(survivor, saga.absorbed.changed(state=AccountState.MERGED, enrolments=()))
    [other] = await merging.people(1)

    assert (await merging.ask(other, survivor)).status == 202
