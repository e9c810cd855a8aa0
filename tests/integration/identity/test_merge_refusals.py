"""A merge that identity refuses at the last look: nothing is changed, and it is told why (MG-1)."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.ids import AccountId, MergeId, SessionId
from shared.contracts.merge import MergeRequested
from shared.randomness import Randomness
from tests.builders.merges import (
    Registry,
    again,
    deliver,
    envelope,
    no_deadlock,
    outcomes,
    replace_of,
)
from tests.builders.people import Person as Someone
from tests.builders.two_step import turned_on
from tests.rigs.identity import PASSWORD, Identity, Recovery
from tests.rigs.issuer import Issuer
from tests.support.trust import ISSUER

NEW = "Copper!Lantern-42"
TABLES = (
    "accounts",
    "log_on_names",
    "account_emails",
    "one_time_secrets",
    "enrolments",
    "patients",
    "sessions",
    "spent_grants",
    "password_history",
)


async def everything(identity: Identity) -> dict[str, set[tuple[Any, ...]]]:
    """All that a merge could change."""
    return {
        table: {tuple(row) for row in await identity.rows(f"SELECT {table}::text FROM {table}")}  # noqa: S608
        for table in TABLES
    }


async def brought(identity: Identity, request: MergeRequested, reason: str) -> Any:
    """Bring it, and see that it is refused for that, told, and that nothing is changed but the
    proofs spent; return what is told.
    """
    before = await everything(identity)
    told = await outcomes(identity)

    await deliver(identity, envelope(request, identity))

    assert await outcomes(identity) == [*told, ("merge-rejected", reason)]
    after = await everything(identity)
    spent = after.pop("spent_grants") - before.pop("spent_grants")
    assert after == before
    [decided] = await identity.rows("SELECT refusal FROM merges WHERE id = $1", request.merge_id)
    assert decided["refusal"] == reason
    await no_deadlock(identity)
    rejected = (await identity.events("merge-rejected"))[-1]
    assert len(spent) == (2 if rejected["proven"] else 0)
    return rejected


async def audited(identity: Identity, request: MergeRequested, reason: str) -> list[Any]:
    """Who is said to have done it to whom, for that reason."""
    rows = await identity.rows(
        "SELECT actor, subject FROM audit_entries"
        " WHERE action = 'account.merge' AND outcome = 'refused' AND detail = $1"
        " AND subject = ANY($2)",
        reason,
        [
            f"account:{request.survivor_id}",
            f"account:{request.absorbed_id}",
            f"merge:{request.merge_id}",
        ],
    )
    return [tuple(row) for row in rows]


async def refused(identity: Identity, request: MergeRequested, reason: str) -> None:
    """Bring one that both have proven: both histories tell it, as the survivor's doing."""
    rejected = await brought(identity, request, reason)

    assert rejected["proven"]
    assert set(await audited(identity, request, reason)) >= {
        (f"account:{request.survivor_id}", f"account:{one}")
        for one in (request.survivor_id, request.absorbed_id)
    }


async def turned_away(identity: Identity, request: MergeRequested, reason: str) -> None:
    """Bring one that nobody has proven: no account's history, no mail, and an alarm."""
    before = identity.plumbing.metrics.value("merges_unproven", reason=reason)

    rejected = await brought(identity, request, reason)

    assert (rejected["proven"], rejected["recipients"], rejected["absorbed_recipients"]) == (
        False,
        [],
        [],
    )
    assert await audited(identity, request, reason) == [("service", f"merge:{request.merge_id}")]
    assert identity.plumbing.metrics.value("merges_unproven", reason=reason) == before + 1


@pytest.mark.proves("MG-1", "SE-3", "V9.2.2", "V9.2.3")
async def test_only_both_grants_for_this_merge_here_in_this_session_are_taken(
    identity: Identity, registry: Registry, recovery: Recovery
) -> None:
    survivor, absorbed = await registry.two()
    request, another = [await registry.request(survivor, absorbed) for _ in range(2)]
    ann, bea, stranger = (
        Someone(account_id=person.id, session_id=request.session_id, version=1, security_version=1)
        for person in (survivor, absorbed, await identity.an_account())
    )
    sign = Issuer(trust=identity.trust, clock=identity.clock)
    elsewhere = (f"{ISSUER}/merge",)
    wrong: list[dict[str, Any]] = [
        {"owned": "a.b.c"},
        {"reauthenticated": ""},
        {"reauthenticated": request.owned, "owned": request.reauthenticated},
        {"owned": request.reauthenticated},
        {"reauthenticated": await recovery.grant(survivor)},
        {"reauthenticated": await sign.reauthenticated(ann, verb=None)},
        {"reauthenticated": await sign.reauthenticated(ann, audience=elsewhere)},
        {"reauthenticated": await sign.reauthenticated(stranger)},
        {"reauthenticated": await sign.reauthenticated(bea)},
        {"reauthenticated": await sign.reauthenticated(ann, session_id=None)},
        {"reauthenticated": another.reauthenticated},
        {"owned": await sign.owned(stranger, within=ann)},
        {"owned": await sign.owned(ann, within=ann)},
        {"owned": await sign.owned(bea, within=ann, audience=elsewhere)},
        {"owned": await sign.owned(bea, within=ann, session_id=None)},
        {"owned": another.owned},
        {"session_id": another.session_id},
    ]

    for change in wrong:
        await turned_away(identity, replace_of(again(request), **change), "grant_invalid")

    await deliver(identity, envelope(request, identity))
    assert ("accounts-merged", None) in await outcomes(identity)


@pytest.mark.proves("MG-1", "MG-9")
async def test_a_grant_that_merge_took_in_time_is_good_however_late_the_message_comes(
    identity: Identity, registry: Registry
) -> None:
    request = await registry.request(*await registry.two())
    identity.clock.advance(hours=71)

    await deliver(identity, envelope(request, identity))

    assert await outcomes(identity) == [("accounts-merged", None)]
    assert len(await identity.rows("SELECT FROM spent_grants")) == 2


@pytest.mark.proves("MG-1", "MG-2")
async def test_proofs_that_were_kept_for_three_days_are_good_for_nothing(
    identity: Identity, registry: Registry
) -> None:
    request = await registry.request(*await registry.two())
    identity.clock.advance(hours=72)

    await turned_away(identity, request, "grant_invalid")


@pytest.mark.proves("MG-1", "MG-6")
async def test_proofs_of_a_merge_that_was_refused_mail_nobody_a_second_time(
    identity: Identity, registry: Registry
) -> None:
    request = await registry.request(*await registry.two(last_name="Hale"))
    await refused(identity, request, "merge_person_mismatch")

    for _ in range(3):
        await turned_away(identity, again(request), "grant_used")


@pytest.mark.proves("MG-1", "V6.5.1")
async def test_a_proof_is_spent_once_whichever_merge_it_is_brought_for(
    identity: Identity, registry: Registry
) -> None:
    survivor, absorbed = await registry.two()
    third = await registry.a_member()
    session = await registry.session(survivor)
    request = await registry.request(survivor, absorbed, session=session)
    other = await registry.request(survivor, third, session=session)
    await deliver(identity, envelope(request, identity))

    await turned_away(identity, again(request), "grant_used")
    reused = replace_of(other, reauthenticated=request.reauthenticated)
    await turned_away(identity, reused, "grant_used")


@pytest.mark.proves("MG-1")
async def test_credentials_that_changed_since_make_either_proof_stale(
    identity: Identity, registry: Registry, recovery: Recovery
) -> None:
    survivor, absorbed = await registry.two()
    for number, person in enumerate((survivor, absorbed)):
        known = replace(survivor, password=NEW) if number else survivor
        request = await registry.request(known, absorbed)
        assert (await identity.reset(await recovery.grant(person), NEW)).status == 200

        await refused(identity, request, "merge_proof_stale")


@pytest.mark.proves("MG-1")
@pytest.mark.parametrize("frozen", [0, 1], ids=["the survivor", "the absorbed"])
async def test_a_frozen_account_merges_with_nothing(
    identity: Identity, registry: Registry, frozen: int
) -> None:
    both = await registry.two()
    request = await registry.request(*both)
    await identity.freeze(both[frozen].id)
    # Back to the version of the proofs, so that it is the freeze alone that refuses it.
    await identity.rows(
        "UPDATE accounts SET security_version = security_version - 1 WHERE state = 'frozen'"
    )

    await refused(identity, request, "merge_proof_stale")


@pytest.mark.proves("MG-3", "MG-4")
async def test_an_account_that_is_merged_already_merges_with_nothing(
    identity: Identity, registry: Registry
) -> None:
    survivor, absorbed = await registry.two()
    third = await registry.a_member()
    undo = await registry.request(absorbed, survivor)
    elsewhere = await registry.request(third, absorbed)
    into_it = await registry.request(absorbed, third)
    await registry.merge(survivor, absorbed)

    for request in (undo, elsewhere, into_it):
        await refused(identity, request, "account_merged")


@pytest.mark.proves("MG-3")
async def test_an_account_does_not_merge_with_itself(
    identity: Identity, registry: Registry
) -> None:
    survivor, absorbed = await registry.two()
    request = await registry.request(survivor, absorbed)
    itself = replace_of(
        request,
        absorbed_id=survivor.id,
        owned=await Issuer(trust=identity.trust, clock=identity.clock).owned(
            Someone(account_id=survivor.id, version=1, security_version=1),
            within=Someone(session_id=request.session_id),
        ),
    )

    await turned_away(identity, itself, "merge_same_account")


@pytest.mark.proves("MG-2")
@pytest.mark.parametrize(
    "record",
    [{"last_name": "Hale"}, {"birth_date": "1984-05-04"}, {"last_name": "Garcia-Lope"}],
    ids=["name", "birth date", "letter"],
)
async def test_two_people_are_not_merged(
    identity: Identity, registry: Registry, record: dict[str, str]
) -> None:
    survivor, absorbed = await registry.two(**record)

    await refused(identity, await registry.request(survivor, absorbed), "merge_person_mismatch")


@pytest.mark.proves("MG-2")
async def test_an_account_without_any_record_is_nobody_to_merge(
    identity: Identity, registry: Registry
) -> None:
    survivor, absorbed = await registry.a_member(), await identity.an_account(enrolled=False)

    await refused(identity, await registry.request(survivor, absorbed), "merge_person_mismatch")


@pytest.mark.proves("MG-2")
async def test_one_record_that_matches_is_enough_however_it_is_written(
    identity: Identity, registry: Registry
) -> None:
    survivor, absorbed = await registry.two(last_name="Hale")
    other_practice = await registry.a_member(last_name="GARCIA LOPEZ")
    await registry.merge(survivor, other_practice)
    async with identity.plumbing.database.transaction() as tx:
        await tx.execute(
            "UPDATE patients SET last_name = 'garcia lopez' WHERE id::text = $1",
            registry.patients_of[absorbed.username],
        )

    await registry.merge(survivor, absorbed)

    assert await outcomes(identity) == [("accounts-merged", None)] * 2


@pytest.mark.proves("MG-6")
async def test_a_refusal_is_told_to_the_addresses_of_both(
    identity: Identity, registry: Registry
) -> None:
    survivor = await registry.a_member(email="june@mail.example")
    absorbed = await registry.a_member(desk=1, email="old@mail.example", last_name="Hale")

    request = await registry.merge(survivor, absorbed)

    [told] = await identity.events("merge-rejected")
    assert told["recipients"] == ["june@mail.example", "old@mail.example"]
    assert told["absorbed_recipients"] == ["old@mail.example"]
    assert (told["account_id"], told["absorbed_id"]) == (str(survivor.id), str(absorbed.id))
    assert (told["merge_id"], told["reason"]) == (str(request.merge_id), "merge_person_mismatch")


@pytest.mark.proves("MG-9")
async def test_what_was_decided_is_decided_for_ever_and_told_once(
    identity: Identity, registry: Registry
) -> None:
    merged = await registry.merge(*await registry.two())
    rejected = await registry.merge(*await registry.two(last_name="Hale"))
    told, before = await outcomes(identity), await everything(identity)
    identity.clock.advance(days=60)  # the inbox has forgotten it

    for request in (merged, rejected):
        await deliver(identity, envelope(request, identity))

    assert await outcomes(identity) == told
    assert await everything(identity) == before


@pytest.mark.proves("MG-9")
async def test_a_refusal_takes_no_other_message_of_its_batch_with_it(
    identity: Identity, registry: Registry
) -> None:
    good = [await registry.request(*await registry.two()) for _ in range(2)]
    bad = await registry.request(*await registry.two(last_name="Hale"))

    await deliver(identity, *(envelope(one, identity) for one in (good[0], bad, good[1])))

    assert sorted(await outcomes(identity), key=str) == [
        ("accounts-merged", None),
        ("accounts-merged", None),
        ("merge-rejected", "merge_person_mismatch"),
    ]
    await no_deadlock(identity)


@pytest.mark.proves("MG-9")
async def test_grants_under_a_key_that_identity_does_not_have_are_refused_and_not_waited_for(
    identity: Identity, second: Identity, registry: Registry
) -> None:
    request = await registry.request(*await registry.two())
    await identity.rows("UPDATE own_keys SET kid = 'lost-' || kid")  # `second` has not read it yet

    await deliver(second, envelope(request, identity))

    assert await outcomes(identity) == [("merge-rejected", "grant_invalid")]


@pytest.mark.proves("MG-9")
async def test_a_request_about_nobody_is_a_dead_letter(
    identity: Identity, registry: Registry
) -> None:
    request = await registry.request(*await registry.two())

    await deliver(
        identity,
        envelope(replace_of(request, absorbed_id=AccountId(UUID(int=7))), identity),
    )

    [dead] = await identity.rows("SELECT reason, detail FROM dead_letters")
    assert tuple(dead) == ("undeliverable", "Undeliverable: no such account")
    assert await outcomes(identity) == []


@pytest.mark.proves("MG-5", "MG-1")
async def test_two_step_turned_off_since_the_other_account_was_proven_makes_that_proof_stale(
    identity: Identity, registry: Registry
) -> None:
    """Else who may not merge without it would set it up for a moment alone."""
    survivor, absorbed = await registry.two()
    own, other = await turned_on(identity, survivor), await turned_on(identity, absorbed)
    proven = await identity.call(
        "POST",
        "/account/ownership-proofs",
        {"name": absorbed.username, "password": PASSWORD, "code": other.codes[0]},
        token=own.token,
    )
    off = {"reauthenticated": await own.proof(own.token, "two-step-off")}
    await identity.call("POST", "/account/two-step/off", off, token=own.token)
    told = await identity.call("GET", "/sessions", token=own.token)
    [session] = told.body["sessions"]

    request = MergeRequested(
        merge_id=MergeId(Randomness().uuid()),
        survivor_id=survivor.id,
        absorbed_id=absorbed.id,
        session_id=SessionId(UUID(session["session_id"])),
        reauthenticated=(await registry.reauthenticate(own.token)).body["grant"],
        owned=proven.body["grant"],
    )

    assert proven.status == 200
    await refused(identity, request, "merge_proof_stale")
    again_asked = await registry.prove(own.token, absorbed.username)
    assert again_asked.refused() == (409, "merge_needs_two_step")
