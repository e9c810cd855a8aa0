"""Passkeys when trust is lost: suspended, kept, removed, void (MF-10)."""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from tests.builders.freezes import freeze
from tests.builders.passkeys import Holder, a_holder
from tests.builders.practices import Postman, PracticeDesk
from tests.rigs.identity import PASSWORD, Identity, Person, Recovery
from tests.rigs.replica import Answer

pytestmark = pytest.mark.proves("MF-10")
INVALID = (403, "passkey_invalid")
NEW = "Copper!Lantern-42"
BY_STAFF = {"staff_id": "nurse-7", "reason": "lost her phone"}


async def reset(holder: Holder, recovery: Recovery) -> Any:
    """Set a new password by a link, and go on in the session that begins with it."""
    answer = await holder.identity.reset(await link(holder, recovery), NEW)
    assert answer.status == 200, answer.body
    holder.token = answer.body["access_token"]
    return answer.body


async def link(holder: Holder, recovery: Recovery) -> str:
    """A grant that a link of now gives."""
    [row] = await holder.identity.rows(
        "SELECT security_version FROM accounts WHERE id = $1", holder.person.id
    )
    return await recovery.grant(holder.person, security_version=row["security_version"])


async def keep(holder: Holder, **body: Any) -> Answer:
    return await holder.identity.call("POST", "/gates/passkeys", body, token=holder.token)


def gates(session: Any) -> list[str]:
    return [gate["name"] for gate in session["gates"]]


async def test_a_reset_suspends_them_until_each_is_kept_or_removed(
    identity: Identity, recovery: Recovery
) -> None:
    june = await a_holder(identity, await identity.an_account(email="june@mail.example"))
    thief_s, phone = await june.made("Thief's"), await june.made("Phone")

    session = await reset(june, recovery)
    suspended = await june.log_on()
    answer = await keep(june, keep=[phone], remove=[thief_s])

    assert "passkeys" in gates(session)
    assert suspended.refused() == INVALID
    assert answer.status == 204
    [left] = (await june.listed())["passkeys"]
    assert (left["name"], left["suspended"]) == ("Phone", False)
    assert (await june.log_on()).status == 201
    assert len(await identity.events("passkey-removed")) == 1
    assert (await keep(june, keep=[])).refused() == (409, "gate_closed")


@pytest.mark.proves("LG-3")
async def test_the_gate_is_offered_at_each_log_on_by_the_new_password(
    identity: Identity, recovery: Recovery
) -> None:
    june = await a_holder(identity)
    await june.made("Phone")
    await reset(june, recovery)

    skipped = await identity.call("POST", "/gates/passkeys/skip", token=june.token)

    assert skipped.status == 204
    here = (await identity.call("GET", "/account", token=june.token)).body
    assert "passkeys" not in gates(here)
    assert here["passkeys"] == {"offered": True, "made": 1, "suspended": 1}
    again = await identity.logged_on(june.person.username, NEW)
    assert "passkeys" in gates(again)


@pytest.mark.proves("RC-10", "MF-8")
async def test_a_suspended_one_is_the_second_step_after_the_reset_and_nothing_else(
    identity: Identity, recovery: Recovery
) -> None:
    june = await a_holder(identity)
    phone = await june.made("Phone")
    await june.two_step_by_passkeys()

    session = await reset(june, recovery)
    [gate] = [gate for gate in session["gates"] if gate["name"] == "second-step"]
    again = await june.options("/account/reauthenticate")
    body = await june.asked("/sessions/second-step")
    taken = await identity.call("POST", "/sessions/second-step", body, token=june.token)
    june.token = taken.body["access_token"]

    assert gate["means"] == ["passkey", "recovery-code"]
    assert again.refused() == (409, "no_passkeys")
    assert (taken.status, taken.body["scope"]) == (201, "full")
    assert "passkeys" in gates(taken.body)
    later = await identity.logged_on(june.person.username, NEW)
    [gate] = [gate for gate in later["gates"] if gate["name"] == "second-step"]
    assert gate["means"] == ["recovery-code"]
    asked = await june.options("/sessions/second-step", token=later["access_token"])
    assert asked.refused() == (409, "no_passkeys")
    bare = await keep(june, remove=[phone])
    assert bare.refused() == (409, "two_step_needs_means")
    assert (await keep(june, keep=[phone])).status == 204


@pytest.mark.proves("SE-3")
async def test_ten_minutes_later_the_password_is_given_again(
    identity: Identity, recovery: Recovery
) -> None:
    june = await a_holder(identity)
    phone = await june.made("Phone")
    session = await reset(june, recovery)
    identity.clock.advance(minutes=10)
    june.token = (await identity.refresh(session["refresh_token"])).body["access_token"]

    late = await keep(june, keep=[phone])
    proof = {"password": NEW, "verb": "passkeys"}
    grant = (await identity.call("POST", "/account/reauthenticate", proof, token=june.token)).body
    kept = await keep(june, keep=[phone], reauthenticated=grant["grant"])

    assert late.refused() == (403, "reauthentication_required")
    assert kept.status == 204


async def test_a_session_begun_by_a_passkey_keeps_none(
    identity: Identity, recovery: Recovery
) -> None:
    june = await a_holder(identity)
    old = await june.made("Old")
    await reset(june, recovery)
    proof = {"password": NEW, "verb": "passkeys"}
    grant = (await identity.call("POST", "/account/reauthenticate", proof, token=june.token)).body
    asked = await june.options("/account/passkeys", name="New", reauthenticated=grant["grant"])
    assert (await june.keep(asked.body)).status == 201

    session = (await june.log_on()).body
    june.token = session["access_token"]

    assert "passkeys" not in gates(session)
    assert (await keep(june, keep=[old])).refused() == (409, "gate_closed")


async def test_only_what_is_suspended_and_one_s_own_is_kept_and_all_or_none(
    identity: Identity, recovery: Recovery
) -> None:
    june, pat = await a_holder(identity), await a_holder(identity)
    phone, hers = await june.made("Phone"), await pat.made("Hers")
    await reset(june, recovery)

    answers = [
        await keep(june, keep=[phone], remove=[hers]),
        await keep(june, keep=[phone, hers]),
        await keep(june, keep=[phone], remove=[phone]),
    ]

    assert [each.code for each in answers] == ["not_found", "not_found", "body_invalid"]
    assert (await june.listed())["passkeys"][0]["suspended"]
    assert not (await pat.listed())["passkeys"][0]["suspended"]


@pytest.mark.proves("SE-3", "MF-9")
async def test_one_that_was_made_since_is_not_removed_there(
    identity: Identity, recovery: Recovery
) -> None:
    """That takes a re-authentication, however young the session is."""
    june = await a_holder(identity)
    old = await june.made("Old")
    await reset(june, recovery)
    proof = {"password": NEW, "verb": "passkeys"}
    grant = (await identity.call("POST", "/account/reauthenticate", proof, token=june.token)).body
    asked = await june.options("/account/passkeys", name="New", reauthenticated=grant["grant"])
    new = (await june.keep(asked.body)).body["passkey_id"]

    answers = [await keep(june, remove=[new]), await keep(june, keep=[old], remove=[new])]

    assert [each.refused() for each in answers] == [(404, "not_found")] * 2
    listed = (await june.listed())["passkeys"]
    assert {each["passkey_id"]: each["suspended"] for each in listed} == {old: True, new: False}
    assert (await keep(june, remove=[old, old])).status == 204


async def test_of_64_who_keep_and_remove_at_once_one_says_what_becomes_of_it(
    identity: Identity, second: Identity, recovery: Recovery
) -> None:
    june = await a_holder(identity)
    phone = await june.made("Phone")
    await reset(june, recovery)
    at_second = replace(june, identity=second)

    answers = await asyncio.gather(
        *(keep(june, keep=[phone]) for _ in range(32)),
        *(keep(at_second, remove=[phone]) for _ in range(32)),
    )

    assert Counter(each.refused() for each in answers) == {
        (204, ""): 1,
        (409, "gate_closed"): 63,
    }


@pytest.mark.proves("RC-9")
async def test_a_freeze_voids_all_of_them_and_tells_nothing(
    identity: Identity, postman: Postman
) -> None:
    june = await a_holder(identity, await identity.an_account(email="june@mail.example"))
    await june.made("Phone")
    [(_, link)] = await postman.not_me("passkey-made")

    assert (await freeze(identity, link, "1984-05-03")).status == 204

    assert (await june.log_on()).refused() == INVALID
    [row] = await identity.rows("SELECT ended_by FROM passkeys")
    assert row["ended_by"] == "frozen"


@pytest.mark.proves("MF-4")
async def test_the_practice_s_reset_of_two_step_voids_all_of_them(
    identity: Identity, desk: PracticeDesk
) -> None:
    patient_id = await desk.enrolled(username="maria.garcia")
    [row] = await identity.rows("SELECT id FROM accounts WHERE username = 'maria.garcia'")
    maria = await a_holder(
        identity,
        Person(id=row["id"], username="maria.garcia", password=PASSWORD, email=None),
    )
    await maria.made("Phone")
    path = f"/practice/patients/{patient_id}/reset-two-step"
    off = await identity.call("POST", path, BY_STAFF, token=desk.access_token)
    await maria.two_step_by_passkeys()

    done = await identity.call("POST", path, BY_STAFF, token=desk.access_token)

    assert (off.refused(), done.status) == ((409, "two_step_off"), 204)
    assert (await maria.log_on()).refused() == (403, "passkey_unknown")
    assert (await identity.logged_on("maria.garcia"))["scope"] == "full"


async def test_a_race_of_a_log_on_and_a_reset_leaves_no_session_of_before(
    identity: Identity, second: Identity, recovery: Recovery
) -> None:
    for _ in range(8):
        june = await a_holder(identity)
        await june.made("Phone")
        grant = await link(june, recovery)

        logged_on, answer = await asyncio.gather(june.log_on(), second.reset(grant, NEW))

        assert answer.status == 200
        if logged_on.status == 201:
            token = logged_on.body["refresh_token"]
            assert (await identity.refresh(token)).code == "refresh_invalid"
        else:
            assert logged_on.refused() == INVALID


@pytest.mark.proves("MF-9")
async def test_a_race_of_a_log_on_and_a_removal_leaves_no_session_of_before(
    identity: Identity, second: Identity
) -> None:
    for _ in range(8):
        june = await a_holder(identity)
        at_second = replace(june, identity=second)
        phone, grant = await june.made("Phone"), await june.grant()

        logged_on, answer = await asyncio.gather(
            june.log_on(), at_second.remove(phone, grant=grant)
        )

        assert answer.status == 204
        if logged_on.status == 201:
            token = logged_on.body["refresh_token"]
            assert (await identity.refresh(token)).code == "refresh_invalid"
        else:
            assert logged_on.code in ("passkey_invalid", "passkey_unknown")


@pytest.mark.proves("RC-9")
async def test_a_race_of_a_log_on_and_a_freeze_leaves_no_session_of_before(
    identity: Identity, second: Identity, postman: Postman
) -> None:
    for number in range(8):
        email = f"june.{number}@mail.example"
        june = await a_holder(identity, await identity.an_account(email=email))
        await june.made("Phone")
        (_, not_me) = (await postman.not_me("passkey-made"))[-1]

        logged_on, answer = await asyncio.gather(
            june.log_on(), freeze(second, not_me, "1984-05-03")
        )

        assert answer.status == 204
        if logged_on.status == 201:
            token = logged_on.body["refresh_token"]
            assert (await identity.refresh(token)).code == "refresh_invalid"
        else:
            assert logged_on.refused() == INVALID


@pytest.mark.proves("MF-8", "MF-9")
async def test_a_race_of_two_step_on_and_the_last_one_removed_leaves_means(
    identity: Identity, second: Identity
) -> None:
    for _ in range(8):
        june = await a_holder(identity)
        at_second = replace(june, identity=second)
        phone, grant = await june.made("Phone"), await june.grant()

        turned_on, removed = await asyncio.gather(
            identity.call("POST", "/account/two-step/passkeys", {}, token=june.token),
            at_second.remove(phone, grant=grant),
        )

        assert (turned_on.refused(), removed.refused()) in (
            ((200, ""), (400, "grant_superseded")),
            ((409, "two_step_needs_means"), (204, "")),
        )
