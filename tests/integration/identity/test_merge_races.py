"""Merges beside each other and beside everything that changes an account: no half, no deadlock."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
import pytest

from deploy.client.eventually import eventually
from services.identity.accounts.store.accounts import hold
from shared.contracts.ids import AccountId
from shared.contracts.log_on_names import masked
from shared.contracts.merge import MergeRequested
from shared.errors import TransactionConflict
from tests.builders.merges import (
    Registry,
    deliver,
    envelope,
    no_deadlock,
    outcomes,
    race,
    replace_of,
    retry,
)
from tests.builders.practices import Postman, add_practice, enrol
from tests.rigs.identity import PASSWORD, Identity, Person, Recovery
from tests.rigs.replica import Answer

NEW = "Copper!Lantern-42"
ROUNDS = 2


async def states(identity: Identity) -> dict[Any, Any]:
    rows = await identity.rows("SELECT id, merged_into FROM accounts")
    return {row["id"]: row["merged_into"] for row in rows}


async def whole(identity: Identity, second: Identity) -> None:
    """No half of a merge is anywhere: a merged account has nothing of its own left."""
    for left in (
        "SELECT FROM enrolments JOIN accounts ON id = account_id WHERE accounts.state = 'merged'",
        "SELECT FROM account_emails JOIN accounts a ON a.id = account_id WHERE a.state = 'merged'",
        "SELECT FROM log_on_names JOIN accounts ON id = account_id WHERE state = 'merged'",
        "SELECT FROM sessions s JOIN accounts a ON a.id = s.account_id"
        " WHERE a.state = 'merged' AND s.ended_at IS NULL",
        "SELECT FROM accounts a JOIN accounts b ON b.id = a.merged_into WHERE b.state = 'merged'",
    ):
        assert await identity.rows(left) == [], left
    await no_deadlock(identity, second)


async def beside(
    replicas: tuple[Identity, ...],
    asked: MergeRequested | Sequence[MergeRequested],
    *others: Awaitable[Answer],
) -> list[Answer]:
    """Bring the merge, or several as one batch, while the others are under way.

    None of them may meet a deadlock.
    """
    requests = [asked] if isinstance(asked, MergeRequested) else asked
    bodies = [envelope(request, replicas[0]) for request in requests]
    _, answers = await asyncio.gather(deliver(replicas[0], *bodies), asyncio.gather(*others))
    assert 503 not in {answer.status for answer in answers}
    return answers


async def test_a_deadlock_that_leaves_no_message_behind_is_seen_here(
    identity: Identity, second: Identity
) -> None:
    one, other = await identity.an_account(), await identity.an_account()
    both = asyncio.Barrier(2)

    async def hold_in_turn(replica: Identity, *people: Person) -> None:
        async with replica.plumbing.database.transaction() as tx:
            await hold(tx, people[0].id)
            await both.wait()
            await hold(tx, people[1].id)

    ended = await asyncio.gather(
        hold_in_turn(identity, one, other),
        hold_in_turn(second, other, one),
        return_exceptions=True,
    )

    assert sorted(map(type, ended), key=str) == [type(None), TransactionConflict]
    with pytest.raises(AssertionError):
        await no_deadlock(identity, second)


@pytest.mark.proves("MG-3", "MG-9", "V15.4.3")
async def test_the_same_event_ten_times_on_two_replicas_has_one_effect(
    identity: Identity, second: Identity, registry: Registry
) -> None:
    body = envelope(await registry.request(*await registry.two()), identity)

    await asyncio.gather(
        *(deliver(replica, body) for replica in (identity, second) for _ in range(5))
    )

    assert await outcomes(identity) == [("accounts-merged", None)]
    await whole(identity, second)


@pytest.mark.proves("MG-3", "MG-9")
async def test_the_same_request_in_ten_events_on_two_replicas_has_one_effect(
    identity: Identity, second: Identity, registry: Registry
) -> None:
    merged = await registry.request(*await registry.two())
    rejected = await registry.request(*await registry.two(last_name="Hale"))

    for request in (merged, rejected):
        await race((identity, second), *[request] * 10)

    assert await outcomes(identity) == [
        ("accounts-merged", None),
        ("merge-rejected", "merge_person_mismatch"),
    ]
    await whole(identity, second)


@pytest.mark.proves("MG-3", "V15.4.3")
async def test_either_into_the_other_at_once_has_one_winner(
    identity: Identity, second: Identity, registry: Registry
) -> None:
    pairs = [await registry.two() for _ in range(ROUNDS)]
    requests = []
    for one, other in pairs:
        requests += [await registry.request(one, other), await registry.request(other, one)]

    await race((identity, second), *requests)

    merged_into = await states(identity)
    for one, other in pairs:
        assert {merged_into[one.id], merged_into[other.id]} in ({None, one.id}, {None, other.id})
    assert await outcomes(identity) == [
        *[("accounts-merged", None)] * ROUNDS,
        *[("merge-rejected", "account_merged")] * ROUNDS,
    ]
    await whole(identity, second)


@pytest.mark.proves("MG-3", "V15.4.3")
async def test_two_into_one_at_once_both_end_in_it(
    identity: Identity, second: Identity, registry: Registry
) -> None:
    """Merge lets only one at a time so far; here they are taken one after the other."""
    survivor = await registry.a_member()
    others = [await registry.a_member(desk=1) for _ in range(4)]
    requests = [await registry.request(survivor, other) for other in others]

    await race((identity, second), *requests)

    merged_into = await states(identity)
    assert {merged_into[other.id] for other in others} == {survivor.id}
    assert (
        len(await identity.rows("SELECT FROM enrolments WHERE account_id = $1", survivor.id)) == 5
    )
    await whole(identity, second)


@pytest.mark.proves("MG-3", "V15.4.3")
async def test_a_chain_whose_links_are_merged_at_once_is_flat(
    identity: Identity, second: Identity, registry: Registry
) -> None:
    chains = [[await registry.a_member(desk=n % 2) for n in range(3)] for _ in range(ROUNDS)]
    requests = []
    for first, middle, last in chains:
        requests += [await registry.request(middle, first), await registry.request(last, middle)]

    await race((identity, second), *requests)

    merged_into = await states(identity)
    for first, middle, last in chains:
        assert merged_into[last.id] is None
        assert merged_into[middle.id] == last.id
        # Its survivor may have been gone first: then it was refused, and stays as it is.
        assert merged_into[first.id] in (last.id, None)
    await whole(identity, second)


@pytest.mark.proves("MG-3", "V15.4.3")
async def test_batches_that_name_the_same_accounts_in_any_order_never_deadlock(
    identity: Identity, second: Identity, registry: Registry
) -> None:
    people = [await registry.a_member(desk=n % 2) for n in range(6)]
    requests = [
        await registry.request(one, other) for one in people for other in people if one is not other
    ]
    bodies = [envelope(request, identity) for request in requests]

    await asyncio.gather(
        *(
            deliver((identity, second)[n % 2], *bodies[n * 5 : n * 5 + 5])
            for n in range(len(bodies) // 5)
        )
    )

    told = await outcomes(identity)
    assert len(told) == len(requests)
    assert ("accounts-merged", None) in told
    assert {reason for _, reason in told} <= {None, "account_merged"}
    await whole(identity, second)


@pytest.mark.proves("MG-3", "RC-6", "V15.4.3")
@pytest.mark.parametrize("route", ["link", "validation"])
@pytest.mark.parametrize("reset", [0, 1], ids=["survivor", "absorbed"])
async def test_beside_a_reset_either_the_proof_is_stale_or_the_grant_is_superseded(
    identity: Identity,
    second: Identity,
    registry: Registry,
    recovery: Recovery,
    reset: int,
    route: str,
) -> None:
    for number in range(ROUNDS):
        both = await registry.two()
        request = await registry.request(*both)
        grant = await recovery.grant(both[reset], route=route)
        told = await outcomes(identity)

        replicas = (identity, second) if number % 2 else (second, identity)
        [answer] = await beside(replicas, request, identity.reset(grant, NEW))

        merged = ("accounts-merged", None) in await outcomes(identity) and (await states(identity))[
            both[1].id
        ] is not None
        assert len(await outcomes(identity)) == len(told) + 1
        if reset == 0:
            assert answer.status == 200  # the survivor's own is good before and after
        else:
            assert (answer.code == "grant_superseded") is merged
            assert (answer.status == 200) is not merged
        [row] = await identity.rows(
            "SELECT validated_at IS NOT NULL AS used FROM accounts WHERE id = $1", both[reset].id
        )
        assert row["used"] is (route == "validation" and answer.status == 200)
        await whole(identity, second)


@pytest.mark.proves("MG-3", "MG-5", "V15.4.3")
async def test_log_ons_and_refreshes_beside_a_merge_leave_no_session_of_the_absorbed_account(
    identity: Identity, second: Identity, registry: Registry
) -> None:
    for _ in range(ROUNDS):
        survivor, absorbed = await registry.two()
        request = await registry.request(survivor, absorbed)
        tokens = [(await registry.session(absorbed))["refresh_token"] for _ in range(4)]

        answers = await beside(
            (second,),
            request,
            *(replica.log_on(absorbed.username) for replica in (identity, second) * 2),
            *(identity.refresh(token) for token in tokens),
        )

        told = {answer.code for answer in answers}
        # Compared before the merge and decided after it, a right password counts as a wrong one.
        assert told <= {"", "account_merged", "invalid_credentials", "refresh_invalid"}
        for answer in answers:
            if answer.status < 300:
                dead = await identity.refresh(answer.body["refresh_token"])
                assert dead.code == "refresh_invalid"
        await whole(identity, second)


@pytest.mark.proves("EN-5", "MG-3", "V2.3.4", "V15.4.2", "V15.4.3")
@pytest.mark.parametrize("to", [0, 1], ids=["survivor", "absorbed"])
async def test_a_practice_added_beside_a_merge_stands_under_the_survivor_or_nowhere(
    identity: Identity, second: Identity, registry: Registry, to: int
) -> None:
    for _ in range(ROUNDS):
        both = await registry.two()
        request = await registry.request(*both)
        token = await registry.desks[0].a_token()

        [answer] = await beside(
            (second,), request, add_practice(identity, token, name=both[to].username)
        )

        assert answer.code in (("", "account_merged", "invalid_credentials") if to else ("",))
        rows = await identity.rows("SELECT FROM enrolments WHERE account_id = $1", both[0].id)
        assert len(rows) == (3 if answer.status == 201 else 2)
        await whole(identity, second)


@pytest.mark.proves("UN-1", "MG-3", "V2.3.4", "V15.4.2", "V15.4.3")
async def test_an_un_enrolment_beside_a_merge_is_done_and_comes_along(
    identity: Identity, second: Identity, registry: Registry
) -> None:
    for _ in range(ROUNDS):
        survivor, absorbed = await registry.two()
        request = await registry.request(survivor, absorbed)
        of = registry.patients_of

        answers = await beside(
            (second,),
            request,
            registry.desks[1].un_enrol(of[absorbed.username]),
            registry.desks[0].un_enrol(of[survivor.username]),
        )

        assert {answer.status for answer in answers} == {204}
        rows = await identity.rows(
            "SELECT state FROM enrolments WHERE account_id = $1", survivor.id
        )
        assert [row["state"] for row in rows] == ["un-enrolled"] * 2
        live = await identity.rows(
            "SELECT FROM sessions WHERE account_id = $1 AND ended_at IS NULL", survivor.id
        )
        assert live == []  # no practice is left, wherever the last one was
        told = (await identity.events("account-changed"))[-1]
        assert {one["state"] for one in told["enrolments"]} <= {"un-enrolled"}
        await whole(identity, second)


async def waits(identity: Identity, work: "asyncio.Future[Answer]") -> None:
    """Assert that it is at a lock, beside the batch, or through."""
    waiting = await identity.rows(
        "SELECT FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    assert work.done() or len(waiting) == 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Two merges, of which the first is decided first; `last` is held after all the others.

    While a test holds `gate`, the batch has whatever it takes before the accounts of the second.
    """

    first: MergeRequested
    second: MergeRequested
    absorbed: Person
    gate: Person
    last: Person
    token: str

    @property
    def requests(self) -> tuple[MergeRequested, MergeRequested]:
        return self.first, self.second


async def a_batch(registry: Registry) -> Batch:
    """The first absorbed account has used its token to enrol, and has a verified address."""
    identity, desk = registry.identity, registry.desks[0]
    survivor, gate, last = sorted(
        [await registry.a_member(desk=n % 2) for n in range(3)], key=lambda person: person.id
    )
    token = await desk.a_token()
    enrolled = await enrol(identity, token, username=f"enrolled.{survivor.username}")
    absorbed = Person(
        id=msgspec.convert(enrolled.body["account_id"], AccountId),
        username=f"enrolled.{survivor.username}",
        password=PASSWORD,
        email=None,
    )
    return Batch(
        first=await registry.request(survivor, absorbed),
        second=await registry.request(gate, last),
        absorbed=absorbed,
        gate=gate,
        last=last,
        token=token,
    )


async def held_up(identity: Identity, batch: Batch, beside: Callable[[], Awaitable[Answer]]) -> Any:
    """Bring the batch, and the call once the batch waits for an account of its second merge."""
    async with identity.plumbing.database.transaction() as tx:
        await hold(tx, batch.gate.id)
        merges = asyncio.ensure_future(
            deliver(identity, *(envelope(request, identity) for request in batch.requests))
        )
        await eventually(identity.somebody_waits)
        work = asyncio.ensure_future(beside())
        await eventually(partial(waits, identity, work))
    await merges
    return await work


@pytest.mark.proves("MG-3", "V15.4.3")
async def test_a_batch_holds_no_record_while_it_waits_for_an_account_that_adds_a_practice(
    identity: Identity, second: Identity, registry: Registry
) -> None:
    batch = await a_batch(registry)

    answer = await held_up(
        identity, batch, lambda: add_practice(second, batch.token, name=batch.last.username)
    )

    assert answer.code == "token_invalid"
    assert await outcomes(identity) == [("accounts-merged", None)] * 2
    await whole(identity, second)


@pytest.mark.proves("MG-3", "V15.4.3")
async def test_a_batch_holds_no_name_while_it_waits_for_an_account_that_verifies_its_address(
    identity: Identity, second: Identity, registry: Registry, postman: Postman
) -> None:
    batch = await a_batch(registry)
    claims = [
        await claimed(registry, postman, person, "june@mail.example")
        for person in (batch.absorbed, batch.last)
    ]
    verify: list[Callable[[], Awaitable[Answer]]] = [
        partial(second.call, "POST", "/account/email/verify", {"token": link}, token=access_token)
        for access_token, link in claims
    ]
    assert (await verify[0]()).status == 200

    answer = await held_up(identity, batch, verify[1])

    assert answer.code in ("email_unavailable", "unauthenticated")
    assert await outcomes(identity) == [("accounts-merged", None)] * 2
    await whole(identity, second)


@pytest.mark.proves("MG-3", "V15.4.3")
async def test_batches_of_merges_beside_all_that_their_people_do_never_deadlock(
    identity: Identity, second: Identity, registry: Registry, postman: Postman
) -> None:
    for number in range(ROUNDS):
        batches = [await a_batch(registry) for _ in range(3)]
        people = [p for batch in batches for p in (batch.absorbed, batch.gate, batch.last)]
        claims = [
            await claimed(registry, postman, person, f"{person.username}@mail.example")
            for person in people
        ]
        tokens = [batch.token for batch in batches]
        replicas = (identity, second) if number % 2 else (second, identity)

        answers = await beside(
            replicas[:1],
            [request for batch in batches for request in batch.requests],
            *(
                add_practice(replicas[n % 2], tokens[(n // 3 + 1) % 3], name=person.username)
                for n, person in enumerate(people)
            ),
            *(
                second.call("POST", "/account/email/verify", {"token": link}, token=token)
                for token, link in claims
            ),
            *(replicas[n % 2].log_on(person.username) for n, person in enumerate(people)),
        )

        assert 500 not in {answer.status for answer in answers}
        await whole(identity, second)


@pytest.mark.proves("MG-3", "V15.4.3")
async def test_a_chain_is_held_whole_before_anything_of_it_is(
    identity: Identity, second: Identity, registry: Registry
) -> None:
    """Who logs on by an absorbed account's name holds that account, not its survivor."""
    first, middle = await registry.two()
    await registry.merge(middle, first)
    last = await registry.a_member()
    request = await registry.request(last, middle)

    async with identity.plumbing.database.transaction() as tx:
        await hold(tx, first.id)
        merging = asyncio.ensure_future(deliver(second, envelope(request, identity)))
        await eventually(identity.somebody_waits)
        await tx.execute("SELECT FROM patients FOR NO KEY UPDATE NOWAIT")
        await tx.execute("SELECT FROM log_on_names FOR UPDATE NOWAIT")
        await tx.execute("SELECT FROM sessions FOR UPDATE NOWAIT")
    await merging

    assert await states(identity) == {first.id: last.id, middle.id: last.id, last.id: None}
    await whole(identity, second)


@pytest.mark.proves("MG-3", "V15.4.3")
async def test_an_absorbed_name_logs_nobody_on_beside_the_merge_that_absorbs_its_survivor(
    identity: Identity, second: Identity, registry: Registry
) -> None:
    for number in range(ROUNDS):
        first, middle = await registry.two()
        await registry.merge(middle, first)
        last = await registry.a_member()
        replicas = (identity, second) if number % 2 else (second, identity)

        answers = await beside(
            replicas,
            await registry.request(last, middle),
            *(replica.log_on(first.username) for replica in replicas * 8),
        )

        assert {answer.code for answer in answers} == {"account_merged"}
        hints = {answer.body["errors"][0]["detail"] for answer in answers}
        assert hints <= {f"now part of the account {masked(p.username)}" for p in (middle, last)}
        assert await identity.rows("SELECT FROM sessions WHERE account_id = $1", first.id) == []
        await whole(identity, second)


@pytest.mark.proves("MG-3", "MG-9", "V15.4.3")
async def test_one_by_one_a_merge_waits_for_no_account_while_another_of_its_batch_has_records(
    identity: Identity, registry: Registry
) -> None:
    """What was done together failed for one about nobody, so each is done alone, all in one
    transaction: who finds an account held is tried again later.
    """
    batch = await a_batch(registry)
    nobody = replace_of(
        await registry.request(*await registry.two()), absorbed_id=AccountId(UUID(int=7))
    )

    async with identity.plumbing.database.transaction() as tx:
        await hold(tx, batch.gate.id)
        await deliver(
            identity,
            *(envelope(request, identity) for request in (*batch.requests, nobody)),
        )
        kept = await identity.rows("SELECT error FROM inbox_retry ORDER BY error")
        assert [row["error"] for row in kept] == ["LockNotAvailableError 55P03"]
        assert await outcomes(identity) == [("accounts-merged", None)]

    identity.clock.advance(seconds=2)
    await retry(identity)
    assert await outcomes(identity) == [("accounts-merged", None)] * 2


async def claimed(
    registry: Registry, postman: Postman, person: Person, address: str
) -> tuple[str, str | None]:
    """A session that has claimed an address, and the link mailed there."""
    token = (await registry.session(person))["access_token"]
    await registry.identity.call("POST", "/account/email", {"address": address}, token=token)
    return token, (await postman.tokens("email-verification-requested"))[-1]


@pytest.mark.proves("MG-3", "MG-9", "V15.4.3")
async def test_a_merge_that_meets_all_of_it_at_once_is_whole(
    identity: Identity, second: Identity, registry: Registry, recovery: Recovery
) -> None:
    """Every lock at once, in whatever order they come: accounts, locks, records, sessions."""
    survivor, absorbed = await registry.two()
    request = await registry.request(survivor, absorbed)
    undo = await registry.request(absorbed, survivor)
    twin = replace_of(request, merge_id=undo.merge_id)
    of, desks = registry.patients_of, registry.desks
    resets = [await recovery.grant(person) for person in (survivor, absorbed)]

    merges = race((identity, second), request, undo, twin)
    work = asyncio.gather(
        *(
            replica.log_on(p.username)
            for replica in (identity, second)
            for p in (survivor, absorbed)
        ),
        *(identity.log_on(p.username, "Wrong-Guess-1234") for p in (survivor, absorbed)),
        *(identity.reset(grant, NEW) for grant in resets),
        desks[0].unlock(of[survivor.username]),
        desks[1].unlock(of[absorbed.username]),
        desks[1].un_enrol(of[absorbed.username]),
    )
    _, answers = await asyncio.gather(merges, work)

    assert 503 not in {answer.status for answer in answers}
    assert 500 not in {answer.status for answer in answers}
    assert len(await outcomes(identity)) == 2  # the twin came under a merge id that was taken
    await whole(identity, second)
