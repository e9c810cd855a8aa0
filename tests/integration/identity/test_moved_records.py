"""A practice's verbs on a record that a merge has moved, or is just moving (UN-1, UN-3, EN-5)."""

import asyncio

import pytest

from tests.builders.merges import Registry, deliver, envelope, no_deadlock
from tests.builders.practices import add_practice
from tests.rigs.identity import Identity

UN_1, UN_3 = pytest.mark.proves("UN-1"), pytest.mark.proves("UN-3")
EN_5 = pytest.mark.proves("EN-5")
LG_2 = pytest.mark.proves("LG-2")


async def owners(identity: Identity) -> set[str]:
    rows = await identity.rows("SELECT account_id FROM enrolments")
    return {str(row["account_id"]) for row in rows}


@UN_1
@UN_3
async def test_the_practice_of_the_absorbed_account_un_enrols_and_re_activates_at_the_survivor(
    identity: Identity, registry: Registry
) -> None:
    survivor, absorbed = await registry.two()
    await registry.merge(survivor, absorbed)
    practice, patient_id = registry.desks[1], registry.patients_of[absorbed.username]

    assert (await practice.un_enrol(patient_id)).status == 204
    assert (await practice.reactivate(patient_id)).status == 204

    for name in ("enrolment-ended", "enrolment-reactivated"):
        [event] = await identity.events(name)
        assert event["account_id"] == str(survivor.id)


@LG_2
async def test_the_practice_of_the_absorbed_account_unlocks_the_survivor(
    identity: Identity, registry: Registry
) -> None:
    survivor, absorbed = await registry.two()
    await registry.merge(survivor, absorbed)
    await identity.log_ons(survivor.username, "Wrong-Guess-1234", 4)

    await registry.desks[1].unlock(registry.patients_of[absorbed.username])

    assert (await identity.log_on(survivor.username)).status == 201


@EN_5
async def test_a_practice_is_added_to_the_survivor_and_not_to_the_absorbed_account(
    identity: Identity, registry: Registry
) -> None:
    survivor, absorbed = await registry.two()
    await registry.merge(survivor, absorbed)
    token = await registry.desks[0].a_token()

    gone = await add_practice(identity, token, name=absorbed.username)
    wrong = await add_practice(identity, token, name=absorbed.username, password="Wrong-1234!")
    added = await add_practice(identity, token, name=survivor.username)

    assert (gone.code, wrong.code) == ("account_merged", "invalid_credentials")
    assert added.body["account_id"] == str(survivor.id)


@UN_1
@pytest.mark.proves("V2.3.4", "V15.4.2")
async def test_both_practices_un_enrol_while_their_accounts_are_merged(
    identity: Identity, second: Identity, registry: Registry
) -> None:
    survivor, absorbed = await registry.two()
    request = envelope(await registry.request(survivor, absorbed), identity)
    here, there = registry.desks

    _, first, other = await asyncio.gather(
        deliver(second, request),
        here.un_enrol(registry.patients_of[survivor.username]),
        there.un_enrol(registry.patients_of[absorbed.username]),
    )

    assert (first.status, other.status) == (204, 204)
    await no_deadlock(identity)
    assert await owners(identity) == {str(survivor.id)}
    assert await identity.rows("SELECT FROM enrolments WHERE state = 'enrolled'") == []
    assert await identity.rows("SELECT FROM sessions WHERE ended_at IS NULL") == []
    told = (await identity.events("account-changed"))[-1]
    assert {one["state"] for one in told["enrolments"]} <= {"un-enrolled"}


@EN_5
@pytest.mark.proves("V2.3.4", "V15.4.2")
async def test_a_practice_added_to_an_account_that_is_just_absorbed_goes_with_it_or_is_not_added(
    identity: Identity, second: Identity, registry: Registry
) -> None:
    survivor, absorbed = await registry.two()
    request = envelope(await registry.request(survivor, absorbed), identity)
    token = await registry.desks[0].a_token()

    _, added = await asyncio.gather(
        deliver(second, request), add_practice(identity, token, name=absorbed.username)
    )

    assert added.code in {"", "account_merged", "invalid_credentials"}
    await no_deadlock(identity)
    assert await owners(identity) == {str(survivor.id)}
    count = len(await identity.rows("SELECT FROM enrolments"))
    assert count == (3 if added.status == 201 else 2)
