"""Two-step verification: set up, its codes renewed, turned off, by its holder (MF-1, MF-4)."""

import asyncio
import base64
from collections import Counter

import bcrypt
import pytest

from services.identity.two_step.model import NewCodes
from services.identity.two_step.recovery_codes import RecoveryCodes
from tests.builders.practices import PracticeDesk
from tests.builders.two_step import WRONG_CODE, code_of, confirm, set_up, turned_on
from tests.rigs.identity import ENVIRONMENT, PASSWORD, Identity, identity_service
from tests.rigs.replica import Answer

MAIL = "maria@mail.example"
BY_STAFF = {"staff_id": "nurse-7", "reason": "lost her phone"}
RACERS = 64


@pytest.mark.proves("MF-1", "MF-4")
async def test_two_step_is_on_after_one_good_code_and_not_before(identity: Identity) -> None:
    person = await identity.an_account(email=MAIL)
    token = str((await identity.log_on(person.username)).body["access_token"])
    begun = await set_up(identity, token)
    secret = begun.body["secret"]

    assert (await identity.log_on(person.username)).body["scope"] == "full"
    wrong = await confirm(identity, token, code_of(secret, identity.clock.now(), shift=-2))
    good = await confirm(identity, token, code_of(secret, identity.clock.now(), shift=-1))

    assert begun.status == 201
    assert begun.body["uri"].startswith("otpauth://totp/Portico:person.")
    assert f"secret={secret}" in begun.body["uri"]
    assert wrong.refused() == (422, "code_wrong")
    assert (good.status, len(set(good.body["recovery_codes"]))) == (200, 10)
    half = (await identity.log_on(person.username)).body
    [gate, *_] = half["gates"]
    assert (half["scope"], gate["name"], gate["required"]) == ("gates", "second-step", True)
    [told] = await identity.events("two-step-turned-on")
    assert told["recipients"] == [MAIL]


@pytest.mark.proves("SE-1")
async def test_turning_it_on_ends_the_other_sessions(identity: Identity) -> None:
    person = await identity.an_account()
    other = (await identity.log_on(person.username)).body

    june = await turned_on(identity, person)

    assert (await identity.call("GET", "/account", token=other["access_token"])).status == 401
    assert (await identity.call("GET", "/account", token=june.token)).status == 200


@pytest.mark.proves("SE-1")
@pytest.mark.parametrize("change", ["another app", "off"])
async def test_another_app_and_turning_it_off_end_the_other_sessions(
    identity: Identity, change: str
) -> None:
    june = await turned_on(identity)
    elsewhere, waiting = await june.logged_on(), await june.log_on()
    verb = "two-step-off" if change == "off" else "two-step"
    proof = {"reauthenticated": await june.proof(june.token, verb)}

    if change == "off":
        path = "/account/two-step/off"
        assert (await identity.call("POST", path, proof, token=june.token)).status < 300
    else:
        secret = (await set_up(identity, june.token, **proof)).body["secret"]
        code = code_of(secret, identity.clock.now())
        assert (await confirm(identity, june.token, code)).status == 200

    for other in (elsewhere, waiting["access_token"]):
        assert (await identity.call("GET", "/account", token=other)).status == 401
    assert (await identity.call("GET", "/account", token=june.token)).status == 200


@pytest.mark.proves("MF-1", "SE-3")
async def test_an_old_session_sets_nothing_up_without_the_password(identity: Identity) -> None:
    session = await identity.logged_on()
    identity.clock.advance(minutes=9, seconds=59)
    token = (await identity.refresh(session["refresh_token"])).body["access_token"]
    assert (await set_up(identity, token)).status == 201
    identity.clock.advance(seconds=1)

    assert (await set_up(identity, token)).refused() == (403, "reauthentication_required")
    body = {"password": PASSWORD, "verb": "two-step"}
    grant = (await identity.call("POST", "/account/reauthenticate", body, token=token)).body
    assert (await set_up(identity, token, reauthenticated=grant["grant"])).status == 201


@pytest.mark.proves("MF-1")
async def test_another_session_does_not_go_on_with_what_this_one_sets_up(
    identity: Identity,
) -> None:
    person = await identity.an_account()
    one, other = [await identity.logged_on(person.username) for _ in range(2)]
    secret = (await set_up(identity, one["access_token"])).body["secret"]
    code = code_of(secret, identity.clock.now())

    refused = await confirm(identity, other["access_token"], code)

    assert refused.refused() == (409, "set_up_over")
    assert (await confirm(identity, one["access_token"], code)).status == 200


@pytest.mark.proves("MF-1")
async def test_a_new_app_replaces_the_old_one_with_its_first_good_code(identity: Identity) -> None:
    june = await turned_on(identity)
    grant = await june.proof(june.token, "two-step")
    new = (await set_up(identity, june.token, reauthenticated=grant)).body["secret"]
    before = await june.logged_on()
    assert (await identity.call("GET", "/account", token=before)).status == 200
    identity.clock.advance(seconds=30)
    replaced = await confirm(identity, june.token, code_of(new, identity.clock.now()))

    half = await june.log_on()
    old = await june.step(half["access_token"], await june.next_code())
    taken = await june.step(half["access_token"], code_of(new, identity.clock.now()))

    assert (replaced.status, replaced.body["recovery_codes"]) == (200, [])
    assert (old.refused(), taken.status) == ((403, "second_step_failed"), 201)
    assert len(await identity.events("authenticator-app-replaced")) == 1
    half = await june.log_on()
    assert (await june.step(half["access_token"], june.codes[0])).status == 201


@pytest.mark.proves("MF-4", "SE-3")
async def test_new_recovery_codes_void_the_old_ones(identity: Identity) -> None:
    june = await turned_on(identity)
    body = {"reauthenticated": await june.proof(june.token, "recovery-codes")}

    made = await identity.call("POST", "/account/two-step/recovery-codes", body, token=june.token)

    assert (made.status, len(made.body["recovery_codes"])) == (200, 10)
    half = await june.log_on()
    assert (await june.step(half["access_token"], june.codes[0])).status == 403
    assert (await june.step(half["access_token"], made.body["recovery_codes"][0])).status == 201
    assert len(await identity.events("recovery-codes-made")) == 1


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The salt of each slow hash from now on."""
    salts: list[bytes] = []
    hashpw = bcrypt.hashpw

    def counted(password: bytes, salt: bytes) -> bytes:
        salts.append(salt)
        return hashpw(password, salt)

    monkeypatch.setattr(bcrypt, "hashpw", counted)
    return salts


@pytest.mark.proves("MF-4")
async def test_64_codes_of_a_new_app_at_once_cost_five_sets_of_hashes(
    identity: Identity, hashed: list[bytes]
) -> None:
    session = await identity.logged_on()
    secret = (await set_up(identity, session["access_token"])).body["secret"]
    code = code_of(secret, identity.clock.now())
    hashed.clear()

    answers = await asyncio.gather(
        *(confirm(identity, session["access_token"], code) for _ in range(RACERS))
    )

    told = Counter(answer.code or answer.status for answer in answers)
    assert (told[200], told["too_many_requests"]) == (1, RACERS - 5)
    assert len(hashed) == 5 * 10


@pytest.mark.proves("MF-4")
async def test_recovery_codes_are_made_five_times_an_hour_by_whatever_grants(
    identity: Identity, hashed: list[bytes]
) -> None:
    june = await turned_on(identity)  # which made a set
    body = {"reauthenticated": await june.proof(june.token, "recovery-codes")}
    hashed.clear()

    async def make(body: dict[str, str]) -> Answer:
        path = "/account/two-step/recovery-codes"
        return await identity.call("POST", path, body, token=june.token)

    answers = await asyncio.gather(*(make(body) for _ in range(RACERS)))
    another = {"reauthenticated": await june.proof(june.token, "recovery-codes")}
    early, in_between = await make(another), len(hashed)
    identity.clock.advance(hours=1)
    token = await june.logged_on()
    last = {"reauthenticated": await june.proof(token, "recovery-codes")}
    late = await identity.call("POST", "/account/two-step/recovery-codes", last, token=token)

    told = Counter(answer.code or answer.status for answer in answers)
    assert (told[200], told["grant_used"], told["too_many_requests"]) == (1, 3, RACERS - 4)
    assert early.refused() == (429, "too_many_requests")
    assert in_between == 4 * 10
    assert late.status == 200


@pytest.mark.proves("MF-4", "SE-1")
async def test_turning_it_off_takes_password_and_code(identity: Identity) -> None:
    june = await turned_on(identity)
    other = await june.logged_on()
    alone = await june.reauthenticate(june.token, "two-step-off", None)
    wrong = await june.reauthenticate(june.token, "two-step-off", WRONG_CODE)
    other_verb = {"reauthenticated": await june.proof(june.token, "two-step")}
    body = {"reauthenticated": await june.proof(june.token, "two-step-off")}

    elsewhere = await identity.call("POST", "/account/two-step/off", other_verb, token=june.token)
    off = await identity.call("POST", "/account/two-step/off", body, token=june.token)

    assert elsewhere.refused() == (400, "grant_wrong_act")
    assert alone.refused() == (403, "code_required")
    assert wrong.refused() == (403, "second_step_failed")
    assert off.status == 204
    assert (await identity.call("GET", "/account", token=other)).status == 401
    assert (await june.log_on())["scope"] == "full"
    assert await identity.rows("SELECT FROM two_steps") == []
    assert await identity.rows("SELECT FROM recovery_codes") == []
    assert len(await identity.events("two-step-turned-off")) == 1


@pytest.mark.proves("SE-3")
async def test_a_recovery_code_does_wherever_a_code_is_asked_for(identity: Identity) -> None:
    june = await turned_on(identity)

    first = await june.reauthenticate(
        june.token, "username", june.codes[0].lower().replace("-", " ")
    )
    again = await june.reauthenticate(june.token, "username", june.codes[0])

    assert (first.status, again.code) == (200, "second_step_failed")


@pytest.mark.proves("MF-4", "ST-1")
async def test_the_practice_resets_it_for_a_lost_phone(
    identity: Identity, desk: PracticeDesk
) -> None:
    patient_id = await desk.enrolled(username="maria.garcia")
    path = f"/practice/patients/{patient_id}/reset-two-step"
    off = await identity.call("POST", path, BY_STAFF, token=desk.access_token)
    [row] = await identity.rows("SELECT id FROM accounts WHERE username = 'maria.garcia'")
    session = await identity.logged_on("maria.garcia")
    secret = (await set_up(identity, session["access_token"])).body["secret"]
    await confirm(identity, session["access_token"], code_of(secret, identity.clock.now()))

    done = await identity.call("POST", path, BY_STAFF, token=desk.access_token)

    assert (off.refused(), done.status) == ((409, "two_step_off"), 204)
    assert (await identity.call("GET", "/account", token=session["access_token"])).status == 401
    assert (await identity.log_on("maria.garcia")).body["scope"] == "full"
    [told] = await identity.events("two-step-reset")
    assert told["account_id"] == str(row["id"])


@pytest.mark.proves("ID-8")
async def test_the_settings_say_how_it_stands_with_two_step(identity: Identity) -> None:
    june = await turned_on(identity)
    half = await june.log_on()
    full = (await june.step(half["access_token"], june.codes[0])).body["access_token"]

    read = (await identity.call("GET", "/account", token=full)).body

    assert read["two_step"] == {
        "on": True,
        "mode": "every-log-on",
        "means": ["app", "recovery-code"],
        "recovery_codes_left": 9,
    }


@pytest.mark.proves("MF-1")
async def test_the_secret_goes_under_another_key_and_the_app_goes_on(
    identity: Identity,
) -> None:
    june = await turned_on(identity)
    other = {"key_encryption_key": base64.b64encode(b"another key-encryption key of ..").decode()}
    both = {**other, "key_encryption_keys_retired": ENVIRONMENT["PORTICO_KEY_ENCRYPTION_KEY"]}

    async with identity_service(identity.database, identity.clock, **both) as changing:
        assert await changing.own_keys.encrypt_again() == 2  # one signing key, one app

    async with identity_service(identity.database, identity.clock, **other) as after:
        half = (await after.log_on(june.person.username)).body
        body = {"code": await june.next_code()}
        step = await after.call("POST", "/sessions/second-step", body, token=half["access_token"])
        assert step.status == 201


@pytest.mark.proves("MF-1")
async def test_the_secret_is_at_rest_under_the_key_encryption_key(identity: Identity) -> None:
    june = await turned_on(identity)

    [row] = await identity.rows("SELECT app_sealed FROM two_steps")

    assert june.secret.encode() not in row["app_sealed"]
    opened = identity.features.two_step.authenticator.opened(row["app_sealed"], june.person.id)
    assert opened == june.secret


@pytest.mark.proves("MF-1", "ST-3")
async def test_an_app_is_confirmed_though_its_secret_is_encrypted_again_meanwhile(
    identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = (await identity.logged_on())["access_token"]
    secret = (await set_up(identity, token)).body["secret"]
    make = RecoveryCodes.make

    async def make_meanwhile(self: RecoveryCodes) -> NewCodes:
        assert await identity.own_keys.encrypt_again() == 2
        return await make(self)

    monkeypatch.setattr(RecoveryCodes, "make", make_meanwhile)

    answer = await confirm(identity, token, code_of(secret, identity.clock.now()))

    assert (answer.status, len(answer.body["recovery_codes"])) == (200, 10)


@pytest.mark.proves("MF-1", "SE-1", "V7.4.1")
async def test_a_session_that_ends_while_codes_are_hashed_turns_nothing_on(
    identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = (await identity.an_account()).username
    thief_s, hers = [(await identity.logged_on(name))["access_token"] for _ in range(2)]
    secret = (await set_up(identity, thief_s)).body["secret"]
    make = RecoveryCodes.make

    async def make_meanwhile(self: RecoveryCodes) -> NewCodes:
        ended = await identity.call("POST", "/sessions/end-others", {}, token=hers)
        assert ended.status < 300, ended.body
        return await make(self)

    monkeypatch.setattr(RecoveryCodes, "make", make_meanwhile)

    answer = await confirm(identity, thief_s, code_of(secret, identity.clock.now()))

    assert answer.refused() == (401, "unauthenticated")
    assert await identity.rows("SELECT FROM two_steps WHERE on_since IS NOT NULL") == []
    assert (await identity.call("GET", "/account", token=hers)).status == 200
