"""Passkeys as the second step, as a re-authentication, and as a proof for a merge (MF-8, SE-3)."""

from dataclasses import replace
from typing import Any

import pytest

from deploy.tour.authenticator import UP
from tests.builders.merges import Registry
from tests.builders.passkeys import Holder, a_holder
from tests.builders.two_step import WRONG_CODE, code_of, confirm, set_up
from tests.rigs.identity import PASSWORD, Identity, Recovery
from tests.rigs.replica import Answer

pytestmark = pytest.mark.proves("MF-8")
INVALID = (403, "passkey_invalid")
NEW = "Copper!Lantern-42"


async def step(holder: Holder, token: str, body: Any = None, **changed: Any) -> Answer:
    """Take the second step by a passkey."""
    if body is None:
        asked = await holder.options("/sessions/second-step", token=token)
        assert asked.status == 200, asked.body
        body = holder.answer(asked.body, **changed)
    return await holder.identity.call("POST", "/sessions/second-step", body, token=token)


async def prove(holder: Holder, verb: str, body: Any, token: str | None = None) -> Answer:
    return await holder.identity.call(
        "POST", "/account/reauthenticate", body | {"verb": verb}, token=token or holder.token
    )


async def half(holder: Holder) -> Any:
    """The reply to her password where two-step is on."""
    return await holder.identity.logged_on(holder.person.username)


async def account(holder: Holder) -> Any:
    return (await holder.identity.call("GET", "/account", token=holder.token)).body


async def test_making_one_turns_nothing_on(identity: Identity) -> None:
    june = await a_holder(identity)
    before = await account(june)

    await june.made()

    after = await account(june)
    assert before["passkeys"] == {"offered": True, "made": 0, "suspended": 0}
    assert after["passkeys"] == {"offered": True, "made": 1, "suspended": 0}
    assert not after["two_step"]["on"]
    assert (await half(june))["scope"] == "full"


@pytest.mark.proves("MF-4")
async def test_passkeys_alone_turn_it_on_with_recovery_codes_and_other_sessions_end(
    identity: Identity,
) -> None:
    june = await a_holder(identity, await identity.an_account(email="june@mail.example"))
    other = await half(june)
    needs = await identity.call("POST", "/account/two-step/passkeys", {}, token=june.token)
    await june.made()

    codes = await june.two_step_by_passkeys()

    assert needs.refused() == (409, "two_step_needs_means")
    assert len(codes) == 10
    assert (await account(june))["two_step"] == {
        "on": True,
        "mode": "every-log-on",
        "means": ["passkey", "recovery-code"],
        "recovery_codes_left": 10,
    }
    assert (await identity.refresh(other["refresh_token"])).code == "refresh_invalid"
    assert len(await identity.events("two-step-turned-on")) == 1
    again = await identity.call("POST", "/account/two-step/passkeys", {}, token=june.token)
    assert again.refused() == (409, "two_step_on")
    waiting = await half(june)
    [gate] = [gate for gate in waiting["gates"] if gate["name"] == "second-step"]
    assert gate["means"] == ["passkey", "recovery-code"]
    by_code = {"code": codes[0]}
    taken = await identity.call(
        "POST", "/sessions/second-step", by_code, token=waiting["access_token"]
    )
    assert taken.status == 201


@pytest.mark.proves("SE-3")
async def test_the_first_means_need_no_more_than_a_fresh_session(identity: Identity) -> None:
    june = await a_holder(identity)
    await june.made()
    identity.clock.advance(minutes=10)
    june.token = await june.refreshed()

    path = "/account/two-step/passkeys"
    late = await identity.call("POST", path, {}, token=june.token)
    grant = {"reauthenticated": await june.grant("two-step")}
    confirmed = await identity.call("POST", path, grant, token=june.token)

    assert late.refused() == (403, "reauthentication_required")
    assert confirmed.status == 200


@pytest.mark.proves("LG-3")
async def test_a_second_step_by_passkey_opens_a_full_session(identity: Identity) -> None:
    june = await a_holder(identity)
    passkey_id = await june.made()
    await june.two_step_by_passkeys()
    token = (await half(june))["access_token"]
    asked = await june.options("/sessions/second-step", token=token)

    answer = await step(june, token, june.answer(asked.body, handle=False))

    allowed = [each["id"] for each in asked.body["options"]["allowCredentials"]]
    assert allowed == (await june.listed(token=answer.body["access_token"]))["credential_ids"]
    assert (answer.status, answer.body["scope"]) == (201, "full")
    sessions = await identity.call("GET", "/sessions", token=answer.body["access_token"])
    [session] = [each for each in sessions.body["sessions"] if each["current"]]
    assert session["begun_by"] == ["password", "passkey"]
    listed = await june.listed(token=answer.body["access_token"])
    assert [each["passkey_id"] for each in listed["passkeys"] if each["current"]] == [passkey_id]


@pytest.mark.proves("MF-3")
async def test_the_fifth_refused_answer_ends_the_log_on_and_none_locks(
    identity: Identity,
) -> None:
    june = await a_holder(identity)
    await june.made()
    await june.two_step_by_passkeys()

    for _ in range(3):
        token = (await half(june))["access_token"]
        told = [(await step(june, token, flags=UP)).refused() for _ in range(5)]
        assert told == [INVALID] * 4 + [(403, "second_step_over")]

    assert (await step(june, (await half(june))["access_token"])).status == 201


@pytest.mark.proves("MF-3")
async def test_a_locked_second_step_takes_a_passkey_and_stays_locked_for_codes(
    identity: Identity,
) -> None:
    june = await a_holder(identity)
    await june.made()
    codes = await june.two_step_by_passkeys()
    for _ in range(2):
        token = (await half(june))["access_token"]
        for _ in range(5):
            await step(june, token, {"code": WRONG_CODE})

    by_code = await step(june, (await half(june))["access_token"], {"code": codes[0]})
    by_passkey = await step(june, (await half(june))["access_token"])
    after = await step(june, (await half(june))["access_token"], {"code": codes[0]})

    assert by_code.code == after.code == "second_step_failed"
    assert by_passkey.status == 201


async def test_app_and_passkey_stand_side_by_side(identity: Identity) -> None:
    june = await a_holder(identity)
    secret = (await set_up(identity, june.token)).body["secret"]
    await confirm(identity, june.token, code_of(secret, identity.clock.now()))
    identity.clock.advance(seconds=30)
    body = {"password": PASSWORD, "code": code_of(secret, identity.clock.now())}
    grant = (await prove(june, "passkeys", body)).body["grant"]
    asked = await june.options("/account/passkeys", name="Phone", reauthenticated=grant)
    made = await june.keep(asked.body)

    waiting = await half(june)

    [gate] = [gate for gate in waiting["gates"] if gate["name"] == "second-step"]
    assert gate["means"] == ["app", "passkey", "recovery-code"]
    assert (await step(june, waiting["access_token"])).status == 201
    by_passkey = (await prove(june, "passkeys", await june.asked("/account/reauthenticate"))).body
    removed = await june.remove(made.body["passkey_id"], grant=by_passkey["grant"])
    assert removed.status == 204


@pytest.mark.proves("MF-9")
async def test_the_only_means_of_two_step_is_not_removed(identity: Identity) -> None:
    june = await a_holder(identity)
    one = await june.made("One")
    await june.two_step_by_passkeys()
    grant = (await prove(june, "passkeys", await june.asked("/account/reauthenticate"))).body

    refused = await june.remove(one, grant=grant["grant"])

    assert refused.refused() == (409, "two_step_needs_means")
    assert len((await june.listed())["passkeys"]) == 1
    asked = await june.options("/account/passkeys", name="Two", reauthenticated=grant["grant"])
    assert (await june.keep(asked.body)).status == 201  # what was refused cost nothing
    grant = (await prove(june, "passkeys", await june.asked("/account/reauthenticate"))).body
    assert (await june.remove(one, grant=grant["grant"])).status == 204


@pytest.mark.proves("SE-3", "ID-7")
async def test_a_passkey_alone_is_a_whole_re_authentication_and_sets_a_password(
    identity: Identity,
) -> None:
    june = await a_holder(identity)
    await june.made()
    await june.two_step_by_passkeys()
    await identity.log_ons(june.person.username, "Wrong-Harbour-7", 4)

    proof = await prove(june, "password", await june.asked("/account/reauthenticate"))
    body = {"new_password": NEW, "reauthenticated": proof.body["grant"]}
    changed = await identity.call("PUT", "/account/password", body, token=june.token)

    assert (proof.status, changed.status) == (200, 200)
    listed = await june.listed(token=changed.body["access_token"])
    assert [each["suspended"] for each in listed["passkeys"]] == [False]


@pytest.mark.proves("MF-4", "SE-3")
async def test_two_step_goes_off_by_the_password_and_a_passkey_not_by_a_passkey_alone(
    identity: Identity,
) -> None:
    june = await a_holder(identity)
    await june.made()
    await june.two_step_by_passkeys()

    alone = await prove(june, "two-step-off", await june.asked("/account/reauthenticate"))
    body = await june.asked("/account/reauthenticate") | {"password": PASSWORD}
    both = await prove(june, "two-step-off", body)
    grant = {"reauthenticated": both.body["grant"]}
    off = await identity.call("POST", "/account/two-step/off", grant, token=june.token)

    assert alone.refused() == (400, "body_invalid")
    assert [(each["field"], each["code"]) for each in alone.body["errors"]] == [
        ("password", "field_missing")
    ]
    assert (both.status, off.status) == (200, 204)
    assert (await half(june))["scope"] == "full"
    assert len((await june.listed())["passkeys"]) == 1


@pytest.mark.proves("SE-3")
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"password": PASSWORD, "ceremony": "A"},
        {"code": "123456"},
        {"ceremony": "A", "code": "123456"},
    ],
    ids=str,
)
async def test_half_a_proof_is_none(identity: Identity, body: Any) -> None:
    june = await a_holder(identity)

    assert (await prove(june, "password", body)).refused() == (400, "body_invalid")


@pytest.mark.proves("MF-6", "SE-3")
async def test_an_answer_is_good_for_its_own_session_and_account_alone(
    identity: Identity,
) -> None:
    june, pat = await a_holder(identity), await a_holder(identity)
    await june.made()
    await pat.made()
    asked = (await june.options("/account/reauthenticate")).body
    elsewhere = (await half(june))["access_token"]
    pat_s = pat.authenticator.answer(asked["options"])

    other_session = await prove(june, "password", june.answer(asked), elsewhere)
    other_account = await prove(pat, "password", june.answer(asked))
    other_key = await prove(june, "password", {"ceremony": asked["ceremony"], "credential": pat_s})

    assert other_session.code == other_account.code == "ceremony_over"
    assert other_key.refused() == INVALID
    none = await (await a_holder(identity)).options("/account/reauthenticate")
    assert none.refused() == (409, "no_passkeys")
    closed = await june.options("/sessions/second-step", token=june.token)
    assert closed.refused() == (409, "gate_closed")


@pytest.mark.proves("MG-1")
async def test_a_passkey_of_the_other_account_is_a_whole_proof(registry: Registry) -> None:
    identity = registry.identity
    survivor, absorbed = await registry.two()
    pat = await a_holder(identity, absorbed)
    await pat.made()
    june = await a_holder(identity, survivor)
    await june.made()

    async def own(holder: Holder) -> Answer:
        asked = (await june.options("/account/ownership-proofs")).body
        assert asked["options"]["allowCredentials"] == []
        body = holder.answer(asked)
        return await identity.call("POST", "/account/ownership-proofs", body, token=june.token)

    proof, same = await own(pat), await own(june)

    assert proof.status == 200
    assert sorted(proof.body) == ["expires_in", "grant", "practices", "username"]
    assert same.refused() == (409, "merge_same_account")
    pat.authenticator.said = {"crossOrigin": True}
    assert (await own(pat)).refused() == INVALID


@pytest.mark.proves("MF-6", "MF-7", "MF-9", "MF-10", "MG-1")
@pytest.mark.parametrize(
    ("why", "at_log_on"), [("removed", "passkey_unknown"), ("suspended", "passkey_invalid")]
)
async def test_a_key_that_counts_no_more_opens_no_door(
    identity: Identity, recovery: Recovery, why: str, at_log_on: str
) -> None:
    """Not with the options that another one of the account's may answer, either."""
    june, eve = await a_holder(identity), await a_holder(identity)
    gone = await june.made("Gone")
    old = june.authenticator.keys[-1]
    password = PASSWORD
    if why == "suspended":
        [row] = await identity.rows(
            "SELECT security_version FROM accounts WHERE id = $1", june.person.id
        )
        grant = await recovery.grant(june.person, security_version=row["security_version"])
        june.token = (await identity.reset(grant, password := NEW)).body["access_token"]
    proof = {"password": password, "verb": "passkeys"}
    grant = (await identity.call("POST", "/account/reauthenticate", proof, token=june.token)).body
    asked = await june.options("/account/passkeys", name="New", reauthenticated=grant["grant"])
    assert (await june.keep(asked.body)).status == 201
    if why == "removed":
        assert (await june.remove(gone)).status == 204
    await june.two_step_by_passkeys()
    waiting = (await identity.logged_on(june.person.username, password))["access_token"]

    async def answered(path: str, token: str | None, **said: Any) -> tuple[int, str]:
        asked = await identity.call("POST", f"{path}/options", token=token)
        credential = june.authenticator.answer(asked.body["options"], old)
        body = {"ceremony": asked.body["ceremony"], "credential": credential, **said}
        return (await identity.call("POST", path, body, token=token)).refused()

    assert await answered("/sessions/passkey", None) == (403, at_log_on)
    assert await answered("/sessions/second-step", waiting) == INVALID
    assert await answered("/account/reauthenticate", june.token, verb="merge") == INVALID
    beside = {"verb": "two-step-off", "password": password}
    assert await answered("/account/reauthenticate", june.token, **beside) == INVALID
    assert await answered("/account/ownership-proofs", eve.token) == INVALID


@pytest.mark.proves("MF-3", "MF-6")
async def test_a_ceremony_that_is_over_is_none_of_the_five(identity: Identity) -> None:
    june = await a_holder(identity)
    await june.made()
    await june.two_step_by_passkeys()
    token = (await half(june))["access_token"]
    spent = await june.asked("/sessions/second-step", token=token)
    spent["credential"]["response"]["signature"] = "AA"

    told = [(await step(june, token, spent)).code for _ in range(8)]

    assert told == ["passkey_invalid"] + ["ceremony_over"] * 7
    assert (await step(june, token)).status == 201


@pytest.mark.proves("MF-6", "MG-1")
async def test_a_proof_of_another_account_is_good_in_the_session_that_asked_for_it_alone(
    identity: Identity,
) -> None:
    """Who has caught it has not the account, to merge it into one of her own."""
    june, pat, eve = [await a_holder(identity) for _ in range(3)]
    await pat.made()
    body = pat.answer((await june.options("/account/ownership-proofs")).body)
    path, elsewhere = "/account/ownership-proofs", (await half(june))["access_token"]

    of_another = await identity.call("POST", path, body, token=eve.token)
    in_another = await identity.call("POST", path, body, token=elsewhere)
    in_its_own = await identity.call("POST", path, body, token=june.token)

    assert [of_another.code, in_another.code, in_its_own.code] == ["ceremony_over"] * 2 + [""]


@pytest.mark.proves("MG-5", "MF-10", "MF-7")
async def test_the_absorbed_account_s_key_says_where_to_log_on_and_opens_nothing(
    registry: Registry,
) -> None:
    identity = registry.identity
    survivor, absorbed = await registry.two()
    pat, june = await a_holder(identity, absorbed), await a_holder(identity, survivor)
    await pat.made()
    await june.made()
    await registry.merge(survivor, absorbed)
    june.token = (await june.log_on()).body["access_token"]

    told, wrong = await pat.log_on(), await pat.log_on(changed={"flags": UP})

    assert told.refused() == (409, "account_merged")
    assert told.body["errors"][0]["params"]["username"]
    assert wrong.refused() == INVALID
    assert (
        await prove(june, "password", await june.asked("/account/reauthenticate"))
    ).status == 200
    asked = (await june.options("/account/ownership-proofs")).body
    again = await identity.call(
        "POST", "/account/ownership-proofs", pat.answer(asked), token=june.token
    )
    assert again.refused() == (409, "account_merged")


@pytest.mark.proves("MG-5", "MF-10")
async def test_what_a_reset_suspended_is_not_told_where_the_account_went(
    registry: Registry, recovery: Recovery
) -> None:
    """A thief's passkey learns no name, as the password of before learns none."""
    identity = registry.identity
    survivor, absorbed = await registry.two()
    pat = await a_holder(identity, absorbed)
    await pat.made()
    [row] = await identity.rows("SELECT security_version FROM accounts WHERE id = $1", absorbed.id)
    grant = await recovery.grant(absorbed, security_version=row["security_version"])
    assert (await identity.reset(grant, NEW)).status == 200
    await registry.merge(survivor, replace(absorbed, password=NEW))

    assert (await pat.log_on()).refused() == INVALID


@pytest.mark.proves("MG-5")
async def test_two_step_by_passkeys_counts_for_a_merge(registry: Registry) -> None:
    identity = registry.identity
    survivor, absorbed = await registry.two()
    pat, june = await a_holder(identity, absorbed), await a_holder(identity, survivor)
    await pat.made()
    await pat.two_step_by_passkeys()

    async def own() -> Answer:
        asked = (await june.options("/account/ownership-proofs")).body
        return await identity.call(
            "POST", "/account/ownership-proofs", pat.answer(asked), token=june.token
        )

    before = await own()
    await june.made()
    await june.two_step_by_passkeys()

    assert before.refused() == (409, "merge_needs_two_step")
    assert (await own()).status == 200
