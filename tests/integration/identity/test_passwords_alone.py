"""A password beside a second step, and without it any more, under the policy `nist` (ID-3)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from tests.builders.practices import PracticeDesk, practice_desk
from tests.builders.two_step import TwoStepper, turned_on
from tests.rigs.identity import (
    Identity,
    Person,
    identity_service,
    recovery_beside,
)
from tests.rigs.replica import Answer
from tests.support.clock import FakeClock
from tests.support.database import Database

pytestmark = pytest.mark.proves("ID-3")
LONG = "seventeen herons over the lake"
SHORT = "owl heron"
NEW = "copper lantern at the harbour"
BY_STAFF = {"staff_id": "nurse-7", "reason": "lost her phone"}


@pytest_asyncio.fixture
async def strict(database: Database, clock: FakeClock) -> AsyncIterator[Identity]:
    """Identity under that policy."""
    async with identity_service(database, clock, password_policy="nist") as identity:
        yield identity


@pytest_asyncio.fixture
async def desk(strict: Identity) -> PracticeDesk:
    return await practice_desk(strict)


async def log_on(identity: Identity, person: Person, password: str) -> dict[str, Any]:
    return await identity.logged_on(person.username, password)


async def candidate(identity: Identity, token: str, typed: str) -> dict[str, Any]:
    """What is said of the length of a candidate in this session."""
    path = "/account/password/check"
    answer = await identity.call("POST", path, {"candidate": typed}, token=token)
    [rule] = [each for each in answer.body["rules"] if each["code"] == "long_enough"]
    return {"minimum": rule["params"]["minimum"], "state": rule["state"]}


async def reauthenticated(
    identity: Identity, token: str, verb: str, password: str, code: str | None = None
) -> Answer:
    body = {"password": password, "verb": verb} | ({"code": code} if code else {})
    return await identity.call("POST", "/account/reauthenticate", body, token=token)


async def change(identity: Identity, token: str, grant: str, new: str) -> Answer:
    body = {"new_password": new, "reauthenticated": grant}
    return await identity.call("PUT", "/account/password", body, token=token)


async def with_a_short_one(identity: Identity, username: str = "maria.lopez") -> TwoStepper:
    """Somebody with two-step on, whose password is of nine characters."""
    person = await identity.an_account(username, password=SHORT)
    return await turned_on(identity, person)


async def test_in_a_session_the_minimum_is_8_where_two_step_is_on_else_15(
    strict: Identity,
) -> None:
    person = await strict.an_account(password=LONG)
    token = (await log_on(strict, person, LONG))["access_token"]
    without = await candidate(strict, token, SHORT)

    june = await turned_on(strict, person)

    assert without == {"minimum": 15, "state": "not_met"}
    assert await candidate(strict, june.token, SHORT) == {"minimum": 8, "state": "met"}
    assert await candidate(strict, june.token, "owl her") == {"minimum": 8, "state": "not_met"}


async def test_a_password_of_14_is_set_where_two_step_is_on_and_not_else(
    strict: Identity,
) -> None:
    person, fourteen = await strict.an_account(password=LONG), "owl heron over"
    token = (await log_on(strict, person, LONG))["access_token"]
    grant = (await reauthenticated(strict, token, "password", LONG)).body["grant"]
    refused = await change(strict, token, grant, fourteen)
    june = await turned_on(strict, person)
    proof = await reauthenticated(strict, june.token, "password", LONG, june.codes[0])

    changed = await change(strict, june.token, proof.body["grant"], fourteen)

    assert len(fourteen) == 14
    assert refused.refused() == (422, "password_unacceptable")
    assert changed.status == 200


@pytest.mark.proves("RC-3", "RC-10")
async def test_a_reset_takes_8_where_two_step_is_on(strict: Identity) -> None:
    june = await turned_on(strict, await strict.an_account(password=LONG))
    async with recovery_beside(strict) as recovery:
        grant = await recovery.grant(june.person, security_version=2)

        reset = await strict.reset(grant, SHORT)

    assert (reset.status, reset.body["scope"]) == (200, "gates")


# ---- turning two-step off


@pytest.mark.proves("MF-4", "SE-3")
async def test_two_step_goes_off_only_by_a_password_that_may_stand_alone(
    strict: Identity,
) -> None:
    june = await with_a_short_one(strict)
    off = "two-step-off"

    wrong = await reauthenticated(strict, june.token, off, "not hers", june.codes[0])
    short = await reauthenticated(strict, june.token, off, SHORT, june.codes[0])
    other = await reauthenticated(strict, june.token, "two-step", SHORT, june.codes[0])

    assert wrong.refused() == (403, "reauthentication_failed")
    assert short.refused() == (422, "password_unacceptable")
    [error] = short.body["errors"]
    assert (error["field"], error["code"]) == ("password", "long_enough")
    assert error["params"] == {"minimum": 15}
    assert other.status == 200  # no code was used up before


@pytest.mark.proves("MF-4")
async def test_after_a_longer_password_it_goes_off(strict: Identity) -> None:
    june = await with_a_short_one(strict)
    proof = await reauthenticated(strict, june.token, "password", SHORT, june.codes[0])
    changed = await change(strict, june.token, proof.body["grant"], LONG)
    token = changed.body["access_token"]
    proof = await reauthenticated(strict, token, "two-step-off", LONG, june.codes[1])

    body = {"reauthenticated": proof.body["grant"]}
    off = await strict.call("POST", "/account/two-step/off", body, token=token)

    assert off.status == 204
    assert (await log_on(strict, june.person, LONG))["scope"] == "full"


async def test_under_the_other_policy_a_short_password_may_stand_alone(
    identity: Identity,
) -> None:
    june = await turned_on(identity, await identity.an_account(password=SHORT))

    answer = await reauthenticated(identity, june.token, "two-step-off", SHORT, june.codes[0])

    assert answer.status == 200


# ---- a practice's reset of two-step


async def reset_at(desk: PracticeDesk, identity: Identity, june: TwoStepper) -> None:
    """Have her own practice reset it."""
    [row] = await identity.rows(
        "SELECT patient_id FROM enrolments WHERE account_id = $1", june.person.id
    )
    await identity.rows(
        "UPDATE patients SET practice_id = $2 WHERE id = $1", row["patient_id"], desk.practice_id
    )
    path = f"/practice/patients/{row['patient_id']}/reset-two-step"
    answer = await identity.call("POST", path, BY_STAFF, token=desk.access_token)
    assert answer.status == 204


@pytest.mark.proves("MF-4", "LG-3", "SE-4")
async def test_after_a_practices_reset_each_log_on_asks_for_a_new_password(
    strict: Identity, desk: PracticeDesk
) -> None:
    june = await with_a_short_one(strict)
    await reset_at(desk, strict, june)

    first = await log_on(strict, june.person, SHORT)
    again = await log_on(strict, june.person, SHORT)
    token = again["access_token"]
    renewed = await strict.refresh(again["refresh_token"])

    for session in (first, again, renewed.body):
        assert session["scope"] == "gates"
        assert session["gates"][0] == {"name": "new-password", "required": True}
    assert (await strict.call("GET", "/sessions", token=token)).status == 403
    assert (await strict.call("GET", "/account", token=token)).status == 200
    assert await candidate(strict, token, SHORT) == {"minimum": 15, "state": "not_met"}
    grant = (await reauthenticated(strict, token, "password", SHORT)).body["grant"]
    short = await change(strict, token, grant, "owl heron over")
    changed = await change(strict, token, grant, NEW)
    assert short.refused() == (422, "password_unacceptable")
    assert (changed.status, changed.body["scope"]) == (200, "full")
    assert (await log_on(strict, june.person, NEW))["scope"] == "full"


@pytest.mark.proves("MF-4", "RC-3")
async def test_a_reset_of_the_password_does_as_well(strict: Identity, desk: PracticeDesk) -> None:
    june = await with_a_short_one(strict)
    await reset_at(desk, strict, june)
    async with recovery_beside(strict) as recovery:
        grant = await recovery.grant(june.person, security_version=3)

        short = await strict.reset(grant, "owl heron over")
        reset = await strict.reset(grant, NEW)

    assert short.refused() == (422, "password_unacceptable")
    assert (reset.status, reset.body["scope"]) == (200, "full")


@pytest.mark.proves("MF-4", "LG-3")
async def test_under_the_other_policy_it_asks_for_none(identity: Identity) -> None:
    desk = await practice_desk(identity)
    june = await turned_on(identity)

    await reset_at(desk, identity, june)

    assert (await identity.logged_on(june.person.username))["scope"] == "full"


@pytest.mark.proves("UN-4", "LG-3")
async def test_where_no_practice_is_left_it_is_asked_once_she_has_one_again(
    strict: Identity, desk: PracticeDesk
) -> None:
    june = await with_a_short_one(strict)
    await reset_at(desk, strict, june)
    await strict.rows("UPDATE enrolments SET state = 'un-enrolled'")
    alone = await log_on(strict, june.person, SHORT)
    await strict.rows("UPDATE enrolments SET state = 'enrolled'")
    strict.clock.advance(seconds=6)

    again = await strict.refresh(alone["refresh_token"])

    assert (alone["scope"], alone["gates"]) == ("settings", [])
    assert (again.body["scope"], again.body["gates"][0]["name"]) == ("gates", "new-password")


@pytest.mark.proves("LG-3", "SE-4")
async def test_at_another_gate_no_password_is_changed_and_none_is_judged(
    strict: Identity,
) -> None:
    june = await with_a_short_one(strict)
    half = await june_waits(strict, june)
    body = {"candidate": NEW}

    judged = await strict.call("POST", "/account/password/check", body, token=half)
    proof = await reauthenticated(strict, half, "password", SHORT, june.codes[0])
    changed = await change(strict, half, proof.body["grant"], NEW)

    assert judged.refused() == (403, "session_scope_missing")
    assert changed.refused() == (403, "session_scope_missing")


async def june_waits(identity: Identity, june: TwoStepper) -> str:
    """The access token of a session that waits for her code."""
    identity.clock.advance(seconds=timedelta(seconds=30).total_seconds())
    return str((await log_on(identity, june.person, SHORT))["access_token"])
