"""Passkeys made, listed, renamed and removed, and log-on by them without a name (MF-5 … MF-9)."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from deploy.tour.authenticator import BE, BS, UP, UV, Authenticator, b64, cose, unb64
from services.identity.checkups import check_passkeys
from tests.builders.passkeys import Holder, a_holder, ask_to_log_on
from tests.rigs.identity import Identity, identity_service
from tests.support.clock import FakeClock
from tests.support.database import Database
from tests.support.statements import noted

OVER = (409, "ceremony_over")
INVALID = (403, "passkey_invalid")


@pytest.mark.proves("MF-5")
async def test_one_is_made_with_its_user_verified_and_none_of_the_account_s_again(
    identity: Identity,
) -> None:
    june = await a_holder(identity, await identity.an_account("june", email="june@mail.example"))
    grant = await june.grant()

    asked = (await june.options("/account/passkeys", name="Phone", reauthenticated=grant)).body
    made = await june.keep(asked)

    options = asked["options"]
    assert options["rp"] == {"id": "portal.example", "name": "Portico"}
    assert options["user"]["name"] == options["user"]["displayName"] == "june"
    assert len(unb64(options["user"]["id"])) == 64
    assert len(unb64(options["challenge"])) == 32
    assert [each["alg"] for each in options["pubKeyCredParams"]] == [-8, -7, -257]
    assert options["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    assert (options["attestation"], options["timeout"], asked["expires_in"]) == (
        "none",
        300_000,
        300,
    )
    assert (options["excludeCredentials"], made.status) == ([], 201)
    listed = await june.listed()
    [passkey] = listed["passkeys"]
    assert passkey["passkey_id"] == made.body["passkey_id"]
    assert (passkey["name"], passkey["used_at"], passkey["synced"]) == ("Phone", None, False)
    assert (listed["rp_id"], listed["username"]) == ("portal.example", "june")
    assert listed["user_handle"] == options["user"]["id"]
    assert listed["credential_ids"] == [passkey["credential_id"]]
    again = await june.options(
        "/account/passkeys", name="Laptop", reauthenticated=await june.grant()
    )
    assert [each["id"] for each in again.body["options"]["excludeCredentials"]] == listed[
        "credential_ids"
    ]
    assert again.body["options"]["user"]["id"] == options["user"]["id"]
    [event] = await identity.events("passkey-made")
    assert (event["recipients"], len(event["not_me"])) == (["june@mail.example"], 1)


@pytest.mark.proves("MF-5", "SE-3")
async def test_options_write_nothing_and_the_grant_is_spent_by_the_answer(
    identity: Identity,
) -> None:
    june = await a_holder(identity)
    grant = await june.grant()
    asked = [
        (await june.options("/account/passkeys", name=name, reauthenticated=grant)).body
        for name in ("One", "Two")
    ]

    first, second = await june.keep(asked[0]), await june.keep(asked[1])

    assert first.status == 201
    assert second.refused() in ((400, "grant_superseded"), (400, "grant_used"))
    other = await june.options("/account/passkeys", name="Three", reauthenticated="")
    assert other.code == "grant_invalid"
    wrong = await june.grant("password")
    refused = await june.options("/account/passkeys", name="Three", reauthenticated=wrong)
    assert refused.code == "grant_wrong_act"


@pytest.mark.proves("MF-5")
async def test_at_most_ten_with_a_name_of_its_own_each_and_a_credential_is_one_account_s(
    identity: Identity,
) -> None:
    june, pat = await a_holder(identity), await a_holder(identity)
    for number in range(10):
        await june.made(f"Key {number}")

    limit = await june.options(
        "/account/passkeys", name="Eleventh", reauthenticated=await june.grant()
    )

    assert limit.refused() == (409, "passkey_limit")
    removed, kept, *_ = (await june.listed())["passkeys"]
    assert (await june.remove(removed["passkey_id"])).status == 204
    taken = await june.options(
        "/account/passkeys", name=kept["name"], reauthenticated=await june.grant()
    )
    assert taken.refused() == (409, "passkey_name_taken")
    assert taken.body["errors"][0]["field"] == "name"
    await june.made(removed["name"])
    registered = await pat.make(id_=unb64(removed["credential_id"]))
    assert registered.refused() == (409, "passkey_registered")
    assert (await pat.listed())["passkeys"] == []


@pytest.mark.proves("MF-5", "MF-6")
@pytest.mark.parametrize(
    "made",
    [
        {"flags": UP},
        {"flags": UP | UV | BS},
        {"fmt": "packed"},
        {"fmt": "fido-u2f"},
        {"cose_key": lambda public: {k: v for k, v in cose(public).items() if k != -3}},
        {"cose_key": lambda public: cose(public) | {-3: bytes(32)}},
        {"cose_key": lambda public: cose(public) | {3: -8}},
        {"cose_key": lambda public: cose(public) | {3: -36}},
        {"cose_key": lambda _: "none"},
        {"private": ec.generate_private_key(ec.SECP384R1())},
    ],
    ids=[
        *("user not verified", "backed up and not to be", "packed without a signature", "U2F"),
        *("without y", "y off the curve", "algorithm of another kind", "algorithm not asked for"),
        *("no key", "curve not asked for"),
    ],
)
async def test_one_that_could_not_answer_is_not_made(identity: Identity, made: Any) -> None:
    june = await a_holder(identity)
    if "private" in made:
        made |= {"cose_key": lambda public: {1: 2, 3: -35, -1: 2, -2: b"x" * 48, -3: b"y" * 48}}

    answer = await june.make(**made)

    assert answer.refused() == INVALID
    assert (await june.listed())["passkeys"] == []
    [row] = await identity.rows(
        "SELECT outcome FROM audit_entries WHERE action = 'passkey.make' AND outcome = 'refused'"
    )
    assert row["outcome"] == "refused"


@pytest.mark.proves("MF-5", "MF-7")
@pytest.mark.parametrize(
    "private",
    [
        ec.generate_private_key(ec.SECP256R1()),
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(public_exponent=65537, key_size=2048),
    ],
    ids=["ES256", "EdDSA", "RS256"],
)
async def test_each_kind_of_key_logs_on(identity: Identity, private: Any) -> None:
    june = await a_holder(identity)
    await june.made(private=private)

    assert (await june.log_on()).status == 201


@pytest.mark.proves("MF-7", "LG-3")
async def test_a_passkey_is_both_steps_and_needs_no_name(identity: Identity) -> None:
    june = await a_holder(identity)
    await june.made()
    await june.two_step_by_passkeys()
    identity.clock.advance(minutes=1)

    asked = await ask_to_log_on(identity)
    answer = await june.log_on()

    assert asked["options"]["allowCredentials"] == []
    assert asked["options"]["userVerification"] == "required"
    assert (answer.status, answer.body["scope"]) == (201, "full")
    assert "second-step" not in [gate["name"] for gate in answer.body["gates"]]
    listed = await june.listed(token=answer.body["access_token"])
    [passkey] = listed["passkeys"]
    assert passkey["current"]
    assert passkey["used_at"] is not None
    sessions = await identity.call("GET", "/sessions", token=answer.body["access_token"])
    assert sessions.body["sessions"][0]["begun_by"] == ["passkey"]


@pytest.mark.proves("MF-7", "MF-6")
async def test_options_for_a_log_on_are_alike_for_all_and_ask_no_table(identity: Identity) -> None:
    june = await a_holder(identity)
    before = await ask_to_log_on(identity)
    await june.made()

    with noted(identity.plumbing.database) as said:
        after = await ask_to_log_on(identity)

    assert said == []
    before["options"]["challenge"] = after["options"]["challenge"]
    assert before["options"] == after["options"]
    assert len(before["ceremony"]) == len(after["ceremony"])


@pytest.mark.proves("MF-7")
async def test_a_name_that_was_typed_must_be_that_account_s(identity: Identity) -> None:
    june = await a_holder(
        identity, await identity.an_account("june.hale", email="june@mail.example")
    )
    await identity.an_account("pat.reed")
    await june.made()

    for name in ("june.hale", " JUNE.hale", "june@mail.example", "", "  "):
        assert (await june.log_on(name=name)).status == 201, name
    for name in ("pat.reed", "nobody.here"):
        assert (await june.log_on(name=name)).refused() == INVALID


@pytest.mark.proves("MF-6", "MF-7")
async def test_it_heeds_no_lock_and_clears_none(identity: Identity) -> None:
    june = await a_holder(identity)
    await june.made()
    await identity.log_ons(june.person.username, "Wrong-Harbour-7", 4)

    answer = await june.log_on()

    assert answer.status == 201
    assert (await identity.log_on(june.person.username)).code == "invalid_credentials"


@pytest.mark.proves("MF-6")
async def test_an_answer_is_looked_at_once_whoever_brings_it(identity: Identity) -> None:
    june = await a_holder(identity)
    await june.made()
    asked = await ask_to_log_on(identity)
    wrong = june.answer(asked, flags=UP)
    right = june.answer(asked)

    refused = await identity.call("POST", "/sessions/passkey", wrong)
    over = await identity.call("POST", "/sessions/passkey", right)

    assert refused.refused() == INVALID
    assert over.refused() == OVER


@pytest.mark.proves("MF-6")
async def test_one_of_64_answers_to_one_ceremony_is_looked_at(
    identity: Identity, second: Identity
) -> None:
    june = await a_holder(identity)
    await june.made()
    body = june.answer(await ask_to_log_on(identity))

    answers = await asyncio.gather(
        *([identity, second][n % 2].call("POST", "/sessions/passkey", body) for n in range(64))
    )

    assert Counter(each.refused() for each in answers) == {(201, ""): 1, OVER: 63}
    assert len(await identity.rows("SELECT FROM sessions WHERE passkey_id IS NOT NULL")) == 1


@pytest.mark.proves("MF-6")
async def test_one_of_64_answers_with_one_counter_is_taken_and_the_copy_told_once(
    identity: Identity, second: Identity
) -> None:
    june = await a_holder(identity, await identity.an_account(email="june@mail.example"))
    await june.made(counter=5)
    asked = [await ask_to_log_on(identity) for _ in range(64)]
    bodies = [june.answer(each, counter=6) for each in asked]

    answers = await asyncio.gather(
        *(
            [identity, second][n % 2].call("POST", "/sessions/passkey", body)
            for n, body in enumerate(bodies)
        )
    )

    assert Counter(each.refused() for each in answers) == {(201, ""): 1, INVALID: 63}
    assert len(await identity.events("passkey-copied")) == 1
    assert (
        len(await identity.rows("SELECT FROM audit_entries WHERE action = 'passkey.suspect'")) == 63
    )
    assert (await june.log_on(changed={"counter": 7})).status == 201
    identity.clock.advance(hours=24)
    assert (await june.log_on(changed={"counter": 7})).refused() == INVALID
    assert len(await identity.events("passkey-copied")) == 2


@pytest.mark.proves("MF-6")
async def test_a_synced_one_s_counter_is_kept_and_not_compared(identity: Identity) -> None:
    june = await a_holder(identity)
    await june.made(counter=5)

    taken = [
        (await june.log_on(changed=changed)).status
        for changed in (
            {"counter": 6},
            {"counter": 3, "flags": UP | UV | BE | BS},
            {"counter": 2, "flags": UP | UV},
        )
    ]

    assert taken == [201, 201, 201]
    assert (await june.listed())["passkeys"][0]["synced"]
    [row] = await identity.rows("SELECT counter, backed_up FROM passkeys")
    assert (row["counter"], row["backed_up"]) == (2, False)


@pytest.mark.proves("MF-6")
async def test_a_ceremony_is_over_when_it_is_late_or_of_something_else(identity: Identity) -> None:
    june, pat = await a_holder(identity), await a_holder(identity)
    await june.made()
    late = june.answer(await ask_to_log_on(identity))
    of_another_purpose = await june.asked("/account/reauthenticate")
    of_another_account = (
        await pat.options("/account/passkeys", name="Hers", reauthenticated=await pat.grant())
    ).body
    identity.clock.advance(minutes=5)
    june.token = await june.refreshed()

    answers = [
        await identity.call("POST", "/sessions/passkey", late, source="198.51.100.7"),
        await identity.call("POST", "/sessions/passkey", of_another_purpose),
        await june.keep(of_another_account),
        await identity.call("POST", "/sessions/passkey", late | {"ceremony": "AAAA"}),
        await identity.call("POST", "/sessions/passkey", late | {"ceremony": "ä"}),
    ]

    assert [each.refused() for each in answers] == [OVER] * 5
    assert await identity.rows("SELECT FROM source_budget") == []


@pytest.mark.proves("MF-6")
@pytest.mark.parametrize(
    ("browser", "changed"),
    [
        ({"origin": "https://evil.example"}, {}),
        ({"origin": "https://sub.portal.example"}, {}),
        ({"origin": "https://portal.example:8443"}, {}),
        ({"origin": "http://portal.example"}, {}),
        ({"rp_id": "evil.example"}, {}),
        ({"said": {"crossOrigin": True}}, {}),
        ({"said": {"crossOrigin": "false"}}, {}),
        ({"said": {"topOrigin": "https://portal.example"}}, {}),
        ({"said": {"type": "webauthn.create"}}, {}),
        ({"said": {"challenge": "AAAA"}}, {}),
        ({}, {"flags": UP}),
        ({}, {"flags": UV}),
        ({}, {"flags": UP | UV | BS}),
        ({}, {"handle": False}),
        ({}, {"user_handle": bytes(64)}),
    ],
    ids=[
        *("another origin", "sub-domain", "another port", "http", "another RP id"),
        *("in a frame", "crossOrigin is a text", "topOrigin", "of making", "another challenge"),
        *("user not verified", "user not there", "backed up and not to be"),
        *("no user handle", "another user handle"),
    ],
)
async def test_what_is_not_right_is_refused_alike_and_counts_on_its_source(
    identity: Identity, browser: Any, changed: Any
) -> None:
    june = await a_holder(identity)
    await june.made()
    for name, value in browser.items():
        setattr(june.authenticator, name, value)
    body = june.answer(await ask_to_log_on(identity), **changed)

    answer = await identity.call("POST", "/sessions/passkey", body, source="198.51.100.7")

    assert answer.refused() == INVALID
    assert "errors" not in answer.body or answer.body["errors"] == []
    [row] = await identity.rows("SELECT cardinality(refusals) AS told FROM source_budget")
    assert row["told"] == 1
    [row] = await identity.rows(
        "SELECT subject FROM audit_entries WHERE action = 'log-on.passkey' AND outcome = 'refused'"
    )
    assert row["subject"] == f"account:{june.person.id}"


@pytest.mark.proves("MF-7", "LG-4")
async def test_past_fifty_refused_answers_a_source_is_told_nothing_but_a_right_one(
    identity: Identity,
) -> None:
    june = await a_holder(identity)
    await june.made()

    async def answer(**changed: Any) -> str:
        body = june.answer(await ask_to_log_on(identity), **changed)
        told = await identity.call("POST", "/sessions/passkey", body, source="198.51.100.7")
        return told.code

    assert {await answer(flags=UP) for _ in range(50)} == {"passkey_invalid"}
    assert await answer(flags=UP) == "too_many_requests"
    assert await answer() == ""


@pytest.mark.proves("MF-7", "MF-9")
async def test_a_removed_one_is_unknown_and_its_other_sessions_end(identity: Identity) -> None:
    june = await a_holder(identity, await identity.an_account(email="june@mail.example"))
    await june.made("Laptop")
    phone = await june.made("Phone")
    by_phone = (await june.log_on()).body
    grant = await june.grant("username")

    first, again = await june.remove(phone), await june.remove(phone)

    assert (first.status, again.status) == (204, 404)
    assert (await june.log_on()).refused() == (403, "passkey_unknown")
    assert (await identity.refresh(by_phone["refresh_token"])).code == "refresh_invalid"
    assert [each["name"] for each in (await june.listed())["passkeys"]] == ["Laptop"]
    name = {"username": "another.name", "reauthenticated": grant}
    changed = await identity.call("PUT", "/account/username", name, token=june.token)
    assert changed.code == "grant_superseded"
    assert len(await identity.events("passkey-removed")) == 1


@pytest.mark.proves("MF-9")
async def test_the_session_that_removes_its_own_goes_on_and_the_last_one_may_go(
    identity: Identity,
) -> None:
    june = await a_holder(identity)
    phone = await june.made()
    june.token = (await june.log_on()).body["access_token"]

    assert (await june.remove(phone)).status == 204

    assert (await june.listed())["passkeys"] == []
    assert (await identity.log_on(june.person.username)).status == 201


@pytest.mark.proves("MF-9", "MF-2")
async def test_trusted_devices_outlive_a_passkey_made_and_removed(identity: Identity) -> None:
    june = await a_holder(identity)
    await june.made("Phone")
    await june.two_step_by_passkeys()
    mode = {"mode": "new-devices", "reauthenticated": await _by_passkey(june, "two-step")}
    assert (
        await identity.call("PUT", "/account/two-step/mode", mode, token=june.token)
    ).status == 204
    half = (await identity.log_on(june.person.username)).body["access_token"]
    body = await june.asked("/sessions/second-step", token=half)
    device = (
        await identity.call("POST", "/sessions/second-step", body | {"trust": True}, token=half)
    ).body["device"]

    asked = await june.options(
        "/account/passkeys", name="Second", reauthenticated=await _by_passkey(june, "passkeys")
    )
    made = await june.keep(asked.body)
    again = await identity.log_on(june.person.username, device=device)

    assert made.status == 201
    assert again.body["scope"] == "full"
    grant = await _by_passkey(june, "passkeys")
    assert (await june.remove(made.body["passkey_id"], grant=grant)).status == 204
    assert (await identity.log_on(june.person.username, device=device)).body["scope"] == "full"


@pytest.mark.proves("MF-5")
async def test_it_is_renamed_at_will_and_another_s_is_as_unknown_as_none(
    identity: Identity,
) -> None:
    june, pat = await a_holder(identity), await a_holder(identity)
    one, _ = await june.made("One"), await june.made("Two")

    async def rename(holder: Holder, name: str) -> tuple[int, str]:
        path = f"/account/passkeys/{one}"
        answer = await identity.call("PATCH", path, {"name": name}, token=holder.token)
        return answer.refused()

    assert await rename(june, "Three") == (204, "")
    assert await rename(june, "Three") == (204, "")
    assert await rename(june, "Two") == (409, "passkey_name_taken")
    assert await rename(june, "x" * 61) == (400, "body_invalid")
    assert await rename(pat, "Hers") == (404, "not_found")
    assert (await pat.remove(one)).refused() == (404, "not_found")


@pytest.mark.proves("MF-5")
async def test_of_two_first_ones_made_at_once_one_is_kept(
    identity: Identity, second: Identity
) -> None:
    june = await a_holder(identity)
    asked = [
        (await june.options("/account/passkeys", name=f"K{n}", reauthenticated=await june.grant()))
        for n in range(8)
    ]

    answers = await asyncio.gather(*(june.keep(each.body) for each in asked))

    assert Counter(each.status for each in answers) == {201: 1, 400: 7}
    assert len((await june.listed())["passkeys"]) == 1


@pytest.mark.proves("MF-6")
async def test_check_counts_those_of_another_rp_id(identity: Identity) -> None:
    june = await a_holder(identity)
    await june.made()

    assert await check_passkeys(identity.plumbing) is None
    await identity.rows("UPDATE passkeys SET rp_id = 'old.example'")
    assert "1 passkeys" in str(await check_passkeys(identity.plumbing))


@pytest.mark.proves("MF-6")
async def test_a_spent_ceremony_is_kept_as_long_as_it_could_be_answered(
    identity: Identity,
) -> None:
    june = await a_holder(identity)
    await june.made()

    left = []
    for seconds in (0, 300, 59, 1):
        identity.clock.advance(seconds=seconds)
        await identity.loop("ceremony-sweeper").once()
        left.append(len(await identity.rows("SELECT FROM spent_ceremonies")))

    assert left == [1, 1, 1, 0]


@pytest.mark.proves("MF-6")
async def test_without_an_rp_id_none_are_offered(database: Database, clock: FakeClock) -> None:
    async with identity_service(database, clock, passkey_rp_id="", passkey_origins="") as bare:
        june = await a_holder(bare)
        answers = [
            await bare.call("POST", "/sessions/passkey/options"),
            await june.options("/account/passkeys", name="P", reauthenticated=await june.grant()),
            await bare.call(
                "POST",
                "/sessions/passkey",
                {"ceremony": "AAAA", "credential": _nobody_s(Authenticator())},
            ),
        ]
        listed = await june.listed()

    assert [each.refused() for each in answers] == [(409, "passkeys_not_offered")] * 3
    assert (listed["offered"], listed["rp_id"]) == (False, None)


@pytest.mark.proves("MF-7")
async def test_one_that_nobody_ever_had_is_unknown(identity: Identity) -> None:
    asked = await ask_to_log_on(identity)
    body = {"ceremony": asked["ceremony"], "credential": _nobody_s(Authenticator())}

    assert (await identity.call("POST", "/sessions/passkey", body)).refused() == (
        403,
        "passkey_unknown",
    )


def _nobody_s(authenticator: Authenticator) -> Any:
    challenge = b64(bytes(32))
    authenticator.make({"challenge": challenge, "user": {"id": b64(bytes(64))}})
    return authenticator.answer({"challenge": challenge})


async def _by_passkey(holder: Holder, verb: str) -> str:
    body = await holder.asked("/account/reauthenticate")
    answer = await holder.identity.call(
        "POST", "/account/reauthenticate", body | {"verb": verb}, token=holder.token
    )
    assert answer.status == 200, answer.body
    return str(answer.body["grant"])
