"""A trusted device: no code there for 30 days, and what makes trust void (MF-2, RC-10, SE-3)."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.builders.practices import Postman, PracticeDesk
from tests.builders.two_step import WRONG_CODE, TwoStepper, code_of, turned_on
from tests.integration.identity.test_emails import REQUESTED, claim, verify
from tests.rigs.identity import PASSWORD, Identity, Person, Recovery
from tests.rigs.replica import Answer

pytestmark = pytest.mark.proves("MF-2")
NEW = "Copper!Lantern-42"
BY_STAFF = {"staff_id": "nurse-7", "reason": "lost her phone"}


async def change_mode(june: TwoStepper, token: str, mode: str) -> Answer:
    body = {"mode": mode, "reauthenticated": await june.proof(token, "two-step")}
    return await june.identity.call("PUT", "/account/two-step/mode", body, token=token)


async def for_new_devices(identity: Identity, person: Person | None = None) -> TwoStepper:
    """Somebody who wants to be asked for codes at new devices only."""
    june = await turned_on(identity, person)
    assert (await change_mode(june, june.token, "new-devices")).status == 204
    return june


async def full(june: TwoStepper, *, device: str | None = None, **said: Any) -> dict[str, Any]:
    """The reply to a code, at a device or a new one."""
    at = {} if device is None else {"device": device}
    half = (await june.identity.log_on(june.person.username, **at)).body
    answer = await june.step(half["access_token"], await june.next_code(), **at, **said)
    assert answer.status == 201, answer.body
    return dict(answer.body)


async def scope(june: TwoStepper, device: str, password: str = PASSWORD) -> str:
    """What the password alone opens there."""
    answer = await june.identity.log_on(june.person.username, password, device=device)
    return str(answer.body["scope"])


async def trusted(june: TwoStepper) -> dict[str, Any]:
    return await full(june, trust=True)


async def test_it_is_asked_for_no_code_for_30_days(identity: Identity) -> None:
    june = await for_new_devices(identity)
    device = (await trusted(june))["device"]

    asked = []
    for step in ({"days": 29, "hours": 23, "minutes": 59}, {"minutes": 1}):
        identity.clock.advance(**step)
        asked.append(await scope(june, device))

    assert asked == ["full", "gates"]


async def test_it_is_not_known_alone_but_asked_for(identity: Identity) -> None:
    june = await for_new_devices(identity)
    device = (await full(june))["device"]

    assert await scope(june, device) == "gates"
    await full(june, device=device, trust=True)
    assert await scope(june, device) == "full"


@pytest.mark.proves("MF-3")
async def test_the_gate_says_mode_means_and_whether_trust_is_offered(identity: Identity) -> None:
    june = await turned_on(identity)
    before = (await june.log_on())["gates"][0]
    await change_mode(june, june.token, "new-devices")
    after = await june.log_on()

    step = {"name": "second-step", "required": True, "means": ["app", "recovery-code"]}
    assert before == {**step, "mode": "every-log-on", "trust_offered": False}
    assert after["gates"][0] == {**step, "mode": "new-devices", "trust_offered": True}
    refreshed = (await identity.refresh(after["refresh_token"])).body
    read = await identity.call("GET", "/account", token=refreshed["access_token"])
    assert refreshed["gates"][0] == read.body["gates"][0] == after["gates"][0]
    assert read.body["two_step"]["mode"] == "new-devices"


async def test_where_a_code_is_asked_for_every_time_trust_is_none(identity: Identity) -> None:
    june = await turned_on(identity)
    device = (await trusted(june))["device"]
    await change_mode(june, june.token, "new-devices")

    assert await scope(june, device) == "gates"
    assert await identity.events("device-trusted") == []


async def test_its_holder_is_told_of_trust_and_of_the_mode(identity: Identity) -> None:
    june = await for_new_devices(identity)
    await trusted(june)

    [mode] = await identity.events("two-step-mode-changed")
    [told] = await identity.events("device-trusted")

    assert mode["mode"] == "new-devices"
    until = identity.clock.now() + timedelta(days=30)
    assert told["trusted_until"] == until.isoformat().replace("+00:00", "Z")
    rows = await identity.rows(
        "SELECT action, detail FROM audit_entries WHERE action IN ('device.trust',"
        " 'two-step.change-mode')"
    )
    assert {tuple(row) for row in rows} == {
        ("two-step.change-mode", "new-devices"),
        ("device.trust", None),
    }


async def test_the_mode_of_before_again_changes_nothing_and_tells_nobody(
    identity: Identity,
) -> None:
    june = await for_new_devices(identity)
    device = (await trusted(june))["device"]

    assert (await change_mode(june, june.token, "new-devices")).status == 204

    assert await scope(june, device) == "full"
    assert len(await identity.events("two-step-mode-changed")) == 1


@pytest.mark.proves("SE-3")
async def test_the_mode_takes_password_and_code_whichever_way(identity: Identity) -> None:
    june = await for_new_devices(identity)
    for mode in ("every-log-on", "new-devices"):
        body = {"mode": mode, "reauthenticated": "none"}
        answer = await identity.call("PUT", "/account/two-step/mode", body, token=june.token)
        assert answer.refused() == (400, "grant_invalid")


async def test_every_log_on_makes_trust_void_for_good(identity: Identity) -> None:
    june = await for_new_devices(identity)
    session = await trusted(june)

    for mode in ("every-log-on", "new-devices"):
        await change_mode(june, session["access_token"], mode)

    assert await scope(june, session["device"]) == "gates"


@pytest.mark.proves("ID-7")
async def test_another_password_makes_trust_void(identity: Identity) -> None:
    june = await for_new_devices(identity)
    session = await trusted(june)
    token = session["access_token"]
    body = {"new_password": NEW, "reauthenticated": await june.proof(token, "password")}

    changed = await identity.call("PUT", "/account/password", body, token=token)

    assert (changed.status, "device" in changed.body) == (200, False)
    assert await scope(june, session["device"], NEW) == "gates"
    listed = await identity.call("GET", "/account/devices", token=changed.body["access_token"])
    assert [each["current"] for each in listed.body["devices"]].count(True) == 1


@pytest.mark.proves("RC-10")
async def test_a_reset_asks_for_a_code_on_a_trusted_device_too(
    identity: Identity, recovery: Recovery
) -> None:
    june = await for_new_devices(identity)
    device = (await trusted(june))["device"]
    grant = await recovery.grant(june.person, security_version=2)

    reset = await identity.reset(grant, NEW, device=device)

    assert (reset.status, reset.body["scope"]) == (200, "gates")
    assert await scope(june, device, NEW) == "gates"


@pytest.mark.proves("MF-1")
async def test_another_app_makes_trust_void(identity: Identity) -> None:
    june = await for_new_devices(identity)
    session = await trusted(june)
    token = session["access_token"]
    body = {"reauthenticated": await june.proof(token, "two-step")}
    made = await identity.call("POST", "/account/two-step/app", body, token=token)
    code = code_of(made.body["secret"], identity.clock.now())
    confirmed = await identity.call(
        "POST", "/account/two-step/app/confirm", {"code": code}, token=token
    )

    assert confirmed.status == 200
    assert await scope(june, session["device"]) == "gates"


@pytest.mark.proves("ID-6")
async def test_another_account_email_makes_trust_void(identity: Identity, postman: Postman) -> None:
    june = await for_new_devices(identity, await identity.an_account(email="june@mail.example"))
    session = await trusted(june)
    token = session["access_token"]
    grant = await june.proof(token, "email")

    assert (await claim(identity, token, "june@post.example", grant=grant)).status == 202
    asked = await scope(june, session["device"])
    *_, link = await postman.tokens(REQUESTED)
    assert (await verify(identity, token, link)).status == 200

    assert (asked, await scope(june, session["device"])) == ("full", "gates")


@pytest.mark.proves("ID-6")
async def test_the_first_account_email_leaves_trust_as_it_is(
    identity: Identity, postman: Postman
) -> None:
    june = await for_new_devices(identity)
    session = await trusted(june)
    token = session["access_token"]
    grant = await june.proof(token, "email")

    assert (await claim(identity, token, "june@mail.example", grant=grant)).status == 202
    [link] = await postman.tokens(REQUESTED)
    assert (await verify(identity, token, link)).status == 200

    assert await scope(june, session["device"]) == "full"


@pytest.mark.proves("MF-4")
async def test_new_recovery_codes_leave_trust_as_it_is(identity: Identity) -> None:
    june = await for_new_devices(identity)
    session = await trusted(june)
    token = session["access_token"]
    body = {"reauthenticated": await june.proof(token, "recovery-codes")}

    made = await identity.call("POST", "/account/two-step/recovery-codes", body, token=token)

    assert set(made.body["recovery_codes"]).isdisjoint(june.codes)
    assert await scope(june, session["device"]) == "full"


@pytest.mark.proves("MF-4")
async def test_a_reset_of_two_step_by_the_practice_makes_trust_void(
    identity: Identity, desk: PracticeDesk
) -> None:
    patient_id = await desk.enrolled(username="june.hale")
    [row] = await identity.rows("SELECT id FROM accounts WHERE username = 'june.hale'")
    person = Person(id=row["id"], username="june.hale", password=PASSWORD, email=None)
    june = await for_new_devices(identity, person)
    device = (await trusted(june))["device"]
    path = f"/practice/patients/{patient_id}/reset-two-step"
    by_desk = (await desk.renewed()).access_token
    assert (await identity.call("POST", path, BY_STAFF, token=by_desk)).status == 204

    again = await for_new_devices(identity, person)

    assert await scope(again, device) == "gates"


@pytest.mark.proves("MF-4")
async def test_off_and_on_again_begins_with_every_log_on_and_no_trust(identity: Identity) -> None:
    june = await for_new_devices(identity)
    session = await trusted(june)
    token = session["access_token"]
    body = {"reauthenticated": await june.proof(token, "two-step-off")}
    assert (await identity.call("POST", "/account/two-step/off", body, token=token)).status == 204
    identity.clock.advance(minutes=1)

    again = await turned_on(identity, june.person)

    assert (await again.log_on())["gates"][0]["mode"] == "every-log-on"
    await change_mode(again, again.token, "new-devices")
    assert await scope(again, session["device"]) == "gates"


@pytest.mark.proves("SE-3")
async def test_it_does_not_stand_in_for_the_code_of_a_re_authentication(
    identity: Identity,
) -> None:
    june = await for_new_devices(identity)
    device = (await trusted(june))["device"]
    session = (await identity.log_on(june.person.username, device=device)).body

    answer = await june.reauthenticate(session["access_token"], "password", None)

    assert session["scope"] == "full"
    assert answer.refused() == (403, "code_required")


async def test_four_wrong_passwords_take_its_trust_as_well(identity: Identity) -> None:
    june = await for_new_devices(identity)
    device = (await trusted(june))["device"]
    for _ in range(4):
        await identity.log_on(june.person.username, "Wrong-Guess-1234", device=device)

    assert await scope(june, device) == "gates"


async def test_another_account_s_trusted_device_spares_no_code(identity: Identity) -> None:
    june, pat = await for_new_devices(identity), await for_new_devices(identity)
    device = (await trusted(june))["device"]

    assert await scope(pat, device) == "gates"
    assert await scope(june, device) == "full"


@pytest.mark.proves("SE-1")
async def test_the_list_of_sessions_says_where_it_is_trusted(identity: Identity) -> None:
    june = await for_new_devices(identity)
    session = await trusted(june)
    await full(june)

    listed = await identity.call("GET", "/sessions", token=session["access_token"])

    marks = {each["session_id"]: each["trusted"] for each in listed.body["sessions"]}
    assert marks[session["session_id"]] is True
    assert sorted(marks.values()) == [False] * (len(marks) - 1) + [True]


async def test_the_step_is_taken_where_the_log_on_was_unless_it_says_otherwise(
    identity: Identity,
) -> None:
    june = await for_new_devices(identity)
    device = (await full(june))["device"]
    half = (await identity.log_on(june.person.username, device=device)).body

    answer = await june.step(half["access_token"], await june.next_code(), trust=True)

    assert "device" not in answer.body
    assert await scope(june, device) == "full"
    assert len(await identity.events("unusual-log-on")) == 1


async def test_a_wrong_code_makes_no_device_known_or_trusted(identity: Identity) -> None:
    june = await for_new_devices(identity)
    before = len(await identity.rows("SELECT FROM devices"))
    half = (await identity.log_on(june.person.username)).body

    await june.step(half["access_token"], WRONG_CODE, trust=True)

    assert "device" not in half
    assert len(await identity.rows("SELECT FROM devices")) == before


async def test_of_trust_and_a_change_of_mode_at_once_none_survives_every_log_on(
    identity: Identity, second: Identity
) -> None:
    june = await for_new_devices(identity)
    session = await trusted(june)
    grant = await june.proof(session["access_token"], "two-step")
    halves = [(await identity.log_on(june.person.username)).body for _ in range(4)]
    body = {"mode": "every-log-on", "reauthenticated": grant}

    *steps, _ = await asyncio.gather(
        *(
            june.step(half["access_token"], code, trust=True)
            for half, code in zip(halves, june.codes, strict=False)
        ),
        second.call("PUT", "/account/two-step/mode", body, token=session["access_token"]),
    )

    assert {answer.status for answer in steps} == {201}
    rows = await identity.rows("SELECT FROM devices WHERE trusted_until IS NOT NULL")
    assert rows == []
