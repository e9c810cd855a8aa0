"""A merge is asked for with both proofs; what is refused changes nothing (MG-1 to MG-4)."""

import asyncio
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

import pytest

from deploy.client.eventually import eventually
from shared.contracts.identity import AccountState, EnrolmentState
from shared.contracts.ids import SessionId
from shared.trust.grants import Verb
from tests.builders.people import Person, a_person, enrolled
from tests.rigs.issuer import Issuer
from tests.rigs.merge import RANDOM, Merging, Saga
from tests.support.clock import FakeClock
from tests.support.database import Database
from tests.support.trust import ISSUER


def refused_for(code: str, *people: Person) -> list[tuple[str, str, str]]:
    """The audit rows of one refusal."""
    return sorted(("refused", f"account:{person.account_id}", code) for person in people)


@pytest.mark.proves("MG-1")
async def test_a_merge_with_both_proofs_is_accepted_and_identity_is_asked(
    merging: Merging,
) -> None:
    survivor, absorbed = await merging.people()
    request = await merging.request(survivor, absorbed)

    answer = await merging.send(request)

    assert answer.status == 202
    assert (answer.body["state"], answer.body["reason"]) == ("requested", None)
    (asked,) = await merging.requested()
    assert asked.merge_id == answer.merge_id
    assert (asked.survivor_id, asked.absorbed_id) == (survivor.account_id, absorbed.account_id)
    assert asked.session_id == survivor.session_id
    proofs = {"reauthenticated": asked.reauthenticated, "owned": asked.owned}
    assert request.body == {**proofs, "confirm": True}
    assert sorted(await merging.audited()) == sorted(
        ("done", f"account:{person.account_id}", str(answer.merge_id))
        for person in (survivor, absorbed)
    )


@pytest.mark.proves("MG-4")
@pytest.mark.parametrize("said", [{"confirm": False}, {}])
async def test_a_merge_must_be_confirmed(merging: Merging, said: dict[str, bool]) -> None:
    survivor, absorbed = await merging.people()
    request = await merging.request(survivor, absorbed)
    body = {name: text for name, text in request.body.items() if name != "confirm"}

    answer = await merging.send(replace(request, body=body | said))

    assert answer.refused() == (422, "merge_confirmation_required")
    assert "cannot be undone" in answer.body["title"]
    assert await merging.untouched()
    assert await merging.audited() == refused_for("merge_confirmation_required", survivor)


@pytest.mark.proves("MG-1", "MG-3")
async def test_a_wrong_proof_is_told_by_what_is_wrong_with_it_and_uses_nothing_up(
    merging: Merging, identity: Issuer
) -> None:
    survivor, absorbed = await merging.people()
    again, owned = identity.reauthenticated, partial(identity.owned, within=survivor)
    elsewhere = replace(survivor, session_id=SessionId(RANDOM.uuid()))
    here, there = (f"{ISSUER}/identity",), (f"{ISSUER}/recovery",)
    (header, claims, _), (*_, signature) = [(await owned(absorbed)).split(".") for _ in range(2)]
    wrong = [
        ("grant_invalid", {"owned": "nonsense"}),
        ("grant_invalid", {"owned": await identity.token(absorbed)}),
        ("grant_invalid", {"owned": f"{header}.{claims}.{signature}"}),
        ("grant_wrong_act", {"owned": await again(absorbed)}),
        ("grant_wrong_act", {"owned": await owned(absorbed, verb=Verb.MERGE)}),
        ("grant_wrong_act", {"reauthenticated": await owned(survivor)}),
        ("grant_wrong_act", {"reauthenticated": await again(survivor, verb=None)}),
        ("grant_wrong_service", {"owned": await owned(absorbed, audience=there)}),
        ("grant_wrong_service", {"reauthenticated": await again(survivor, audience=here)}),
        ("grant_wrong_account", {"reauthenticated": await again(a_person())}),
        ("grant_wrong_account", {"reauthenticated": await again(absorbed)}),
        ("grant_wrong_session", {"reauthenticated": await again(elsewhere)}),
        ("grant_wrong_session", {"owned": await identity.owned(absorbed, within=elsewhere)}),
        ("grant_wrong_session", {"owned": await identity.owned(absorbed, within=a_person())}),
        ("grant_wrong_session", {"owned": await owned(absorbed, session_id=None)}),
        ("merge_same_account", {"owned": await owned(survivor)}),
    ]

    told = [(await merging.ask(survivor, absorbed, **said)).refused() for _, said in wrong]

    assert told == [(409 if "same" in code else 400, code) for code, _ in wrong]
    assert await merging.untouched()
    audited = [row for code, _ in wrong for row in refused_for(code, survivor)]
    assert sorted(await merging.audited()) == sorted(audited)
    assert (await merging.ask(survivor, absorbed)).status == 202


@pytest.mark.proves("MG-1")
@pytest.mark.parametrize(("minutes", "seconds", "status"), [(4, 59, 202), (5, 0, 400)])
async def test_a_reauthentication_holds_for_five_minutes(
    merging: Merging, clock: FakeClock, minutes: float, seconds: float, status: int
) -> None:
    survivor, absorbed = await merging.people()
    request = await merging.request(survivor, absorbed)
    clock.advance(minutes=minutes, seconds=seconds)
    token = await merging.identity.token(survivor)

    answer = await merging.send(replace(request, token=token))

    assert answer.status == status, answer.body


@pytest.mark.proves("MG-1")
@pytest.mark.parametrize("field", ["reauthenticated", "owned"])
async def test_a_proof_is_used_once(merging: Merging, field: str) -> None:
    survivor, absorbed = await merging.people()
    first = await merging.request(survivor, absorbed)
    assert (await merging.send(first)).status == 202

    answer = await merging.ask(survivor, absorbed, **{field: first.body[field]})

    assert answer.refused() == (400, "grant_used")
    assert len(await merging.rows("SELECT FROM spent_grants")) == 2
    told = [row for row in await merging.audited() if row[0] == "refused"]
    assert sorted(told) == refused_for("grant_used", survivor, absorbed)


@pytest.mark.proves("MG-1", "MG-3")
@pytest.mark.parametrize("whose", [0, 1], ids=["survivor", "absorbed"])
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"security_version": 3}, "merge_proof_stale"),
        ({"state": AccountState.FROZEN}, "merge_proof_stale"),
        (
            {"state": AccountState.MERGED, "security_version": 3, "enrolments": ()},
            "account_merged",
        ),
    ],
    ids=["changed", "frozen", "merged"],
)
async def test_a_proof_of_before_a_change_of_either_account_is_good_no_longer(
    merging: Merging, whose: int, change: dict[str, Any], code: str
) -> None:
    both = await merging.people()
    request = await merging.request(*both)
    await merging.knows(both[whose].changed(**change))

    answer = await merging.send(request)

    assert answer.refused() == (409, code)
    assert await merging.untouched()
    assert sorted(await merging.audited()) == refused_for(code, *both)


@pytest.mark.proves("MG-2")
@pytest.mark.parametrize(
    ("last_name", "birth_date", "state"),
    [
        ("HALE", date(1988, 4, 17), "requested"),
        ("Hále", date(1988, 4, 17), "requested"),
        ("Thorne", date(1988, 4, 17), "under-review"),
        ("Hale", date(1988, 4, 18), "under-review"),
        ("-", date(1988, 4, 17), "under-review"),
    ],
)
async def test_where_last_name_or_birth_date_of_both_differ_practices_decide_first(
    merging: Merging, last_name: str, birth_date: date, state: str
) -> None:
    survivor, absorbed = await merging.people(last_name=last_name, birth_date=birth_date)

    answer = await merging.ask(survivor, absorbed)

    assert (answer.status, answer.body["state"]) == (202, state)
    asked = len(await merging.requested()), len(await merging.reviews_requested())
    assert asked == ((0, 1) if state == "under-review" else (1, 0))


@pytest.mark.proves("MG-2")
async def test_one_matching_record_is_enough_an_unenrolled_one_too(merging: Merging) -> None:
    """Who has married is written differently at two of her practices."""
    survivor = a_person()
    older = enrolled(state=EnrolmentState.UNENROLLED)
    married = a_person(last_name="Thorne", enrolments=(enrolled(), older))
    await merging.knows(survivor, married)
    await merging.knows_records(married.changed(last_name="Hale", enrolments=(older,)))

    assert (await merging.ask(survivor, married)).body["state"] == "requested"


@pytest.mark.parametrize("missing", ["account", "version", "record"])
async def test_a_merge_waits_for_what_was_known_as_it_was_proven(
    merging: Merging, missing: str
) -> None:
    """Reading one's own writes: identity's snapshot may come after its grant."""
    survivor, absorbed = a_person(), a_person()
    newer = absorbed.changed(enrolments=(*absorbed.enrolments, enrolled()))
    await merging.knows(survivor)
    match missing:
        case "version":
            await merging.knows(absorbed)
        case "record":
            await merging.knows(absorbed)
            await merging.knows_account(newer)

    answer = await merging.ask(survivor, newer)

    assert answer.refused() == (503, "catching_up")
    assert await merging.untouched()
    await merging.knows(newer)
    assert (await merging.ask(survivor, newer)).status == 202


async def test_what_arrives_within_a_second_is_waited_for(
    merging: Merging, database: Database
) -> None:
    survivor, absorbed = a_person(), a_person()
    await merging.knows(survivor)
    request = await merging.request(survivor, absorbed)

    asking = asyncio.create_task(merging.send(request))
    await eventually(lambda: has_looked(database))
    await merging.knows(absorbed)

    assert (await asking).status == 202


async def has_looked(database: Database) -> None:
    """A connection of merge's last looked for records: by what is there, in vain."""
    async with database.administrator() as connection:
        assert await connection.fetch(
            "SELECT FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = 'merge' AND query LIKE '%SELECT patient_id, last_name%'"
        )


async def test_the_same_request_again_is_answered_as_before(
    merging: Merging, clock: FakeClock
) -> None:
    """Whatever has become of proofs and accounts: by then both proofs are spent and over."""
    survivor, absorbed = await merging.people()
    request = await merging.request(survivor, absorbed, key="a-key-of-this-request")
    first = await merging.send(request)
    saga = Saga(merge_id=first.merge_id, survivor=survivor, absorbed=absorbed)
    await merging.hear(*saga.all_applied())
    clock.advance(minutes=20)
    token = await merging.identity.token(survivor)

    again = await merging.send(replace(request, token=token))

    assert (again.status, again.body) == (first.status, first.body)
    assert len(await merging.requested()) == 1
    assert {outcome for outcome, _, _ in await merging.audited()} == {"done"}


@pytest.mark.proves("MG-9")
async def test_only_the_survivor_sees_a_merge(merging: Merging, identity: Issuer) -> None:
    survivor, absorbed = await merging.people()
    saga = await merging.under_way(survivor, absorbed)

    path = f"/merges/{saga.merge_id}"
    seen = await merging.get(path, await identity.token(survivor))
    others = [
        await merging.get(path, await identity.token(person)) for person in (absorbed, a_person())
    ]
    nothing = [
        await merging.get(f"/merges/{name}", await identity.token(survivor))
        for name in (RANDOM.uuid(), "none")
    ]

    assert (seen.status, seen.body["state"]) == (200, "requested")
    assert {answer.refused() for answer in (*others, *nothing)} == {(404, "not_found")}


async def test_ones_own_merges_are_listed_newest_first(
    merging: Merging, identity: Issuer, clock: FakeClock
) -> None:
    survivor, first, then, other = await merging.people(4)
    older = await merging.under_way(survivor, first)
    await merging.hear(older.rejected())
    clock.advance(seconds=1)
    newer = await merging.under_way(survivor, then)
    await merging.under_way(other, first)

    listed = await merging.get("/merges", await identity.token(survivor))

    assert [(one["merge_id"], one["state"]) for one in listed.body["merges"]] == [
        (str(newer.merge_id), "requested"),
        (str(older.merge_id), "refused"),
    ]
