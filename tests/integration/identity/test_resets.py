"""Identity's half of a reset: one grant, one new password, everything before it void (RC-3)."""

import asyncio
from collections import Counter

import pytest
import pytest_asyncio

from shared.contracts.identity import ResetRoute
from tests.rigs.identity import PASSWORD, Identity, Person, Recovery

NEW = "Copper!Lantern-42"


@pytest_asyncio.fixture
async def june(identity: Identity) -> Person:
    """Who has forgotten her password."""
    return await identity.an_account()


@pytest.mark.proves("RC-3")
async def test_a_grant_sets_the_password_and_opens_a_session(
    identity: Identity, recovery: Recovery, june: Person
) -> None:

    answer = await identity.reset(await recovery.grant(june), NEW)

    assert answer.status == 200
    listed = await identity.call("GET", "/sessions", token=answer.body["access_token"])
    assert [s["session_id"] for s in listed.body["sessions"]] == [answer.body["session_id"]]
    assert (await identity.log_on(june.username, PASSWORD)).status == 401
    assert (await identity.log_on(june.username, NEW)).status == 201


@pytest.mark.proves("RC-3", "SE-1", "V7.4.3")
async def test_every_session_ends_with_the_reset(
    identity: Identity, recovery: Recovery, june: Person
) -> None:
    before = [(await identity.log_on(june.username)).body for _ in range(3)]

    await identity.reset(await recovery.grant(june), NEW)

    for session in before:
        verb = await identity.call("GET", "/sessions", token=session["access_token"])
        assert verb.status == 401
        assert (await identity.refresh(session["refresh_token"])).code == "refresh_invalid"
    told = await identity.rows("SELECT FROM outbox WHERE exchange = 'identity.sessions'")
    assert len(told) == 3


@pytest.mark.proves("RC-3", "LG-2")
async def test_a_completed_reset_clears_the_lock(
    identity: Identity, recovery: Recovery, june: Person
) -> None:
    for _ in range(4):
        await identity.log_on(june.username, "wrong")

    assert (await identity.reset(await recovery.grant(june), NEW)).status == 200

    for _ in range(3):
        await identity.log_on(june.username, "wrong")
    assert (await identity.log_on(june.username, NEW)).status == 201


@pytest.mark.proves("RC-3", "V6.3.7", "NT-1")
async def test_the_holder_is_told_and_the_others_hear_the_new_security_version(
    identity: Identity, recovery: Recovery
) -> None:
    person = await identity.an_account(email="june@mail.example")

    await identity.reset(await recovery.grant(person, jti="proof-1"), NEW)

    (told,) = await identity.events("password-reset")
    (snapshot,) = await identity.events("account-changed")
    assert told["recipients"] == ["june@mail.example"]
    assert (told["route"], told["proof_id"]) == ("link", "proof-1")
    assert snapshot["security_version"] == 2
    assert NEW not in str(await identity.rows("SELECT convert_from(body, 'UTF8') FROM outbox"))
    [done] = await identity.rows("SELECT detail FROM audit_entries WHERE outcome = 'done'")
    assert done["detail"] == "link"


@pytest.mark.proves("RC-3")
async def test_a_grant_of_before_the_last_reset_is_superseded_and_changes_nothing(
    identity: Identity, recovery: Recovery, june: Person
) -> None:
    older = await recovery.grant(june)
    session = (await identity.reset(await recovery.grant(june), NEW)).body

    answer = await identity.reset(older, NEW + "!")

    assert (answer.status, answer.code) == (400, "grant_superseded")
    assert (await identity.refresh(session["refresh_token"])).status == 200
    assert (await identity.log_on(june.username, NEW)).status == 201
    assert len(await identity.rows("SELECT FROM spent_grants")) == 1


@pytest.mark.proves("RC-3", "RC-4", "RC-5", "RC-6", "V15.4.2")
async def test_of_all_routes_that_finish_at_once_one_sets_the_password_and_opens_what_it_says(
    identity: Identity, recovery: Recovery
) -> None:
    guest = await identity.an_account()
    proofs = [(f"{NEW}{n}", list(ResetRoute)[n % len(ResetRoute)]) for n in range(32)]
    grants = [await recovery.grant(guest, route=route) for _, route in proofs]

    answers = await asyncio.gather(
        *(
            identity.reset(grant, password)
            for grant, (password, _) in zip(grants, proofs, strict=True)
        )
    )

    told = Counter((answer.status, answer.code) for answer in answers)
    assert told == {(200, ""): 1, (400, "grant_superseded"): 31}
    [(answer, password, route)] = [
        (answer, *proof)
        for answer, proof in zip(answers, proofs, strict=True)
        if answer.status == 200
    ]
    assert ("access_token" in answer.body) == (route is not ResetRoute.VALIDATION)
    assert (await identity.log_on(guest.username, password)).status == 201
    [account] = await identity.rows("SELECT validated_at FROM accounts WHERE id = $1", guest.id)
    assert (account["validated_at"] is not None) == (route is ResetRoute.VALIDATION)


PARAMS = {"long_enough": {"minimum": 8}, "has_upper": None, "not_recent": {"last": 5}}


@pytest.mark.proves("RC-3", "ID-3")
@pytest.mark.parametrize(
    ("password", "rule"),
    [
        ("short-1A", None),
        ("sh-1A", "long_enough"),
        ("walnut-harbour-8", "has_upper"),
        (PASSWORD, "not_recent"),
    ],
)
async def test_a_refused_password_uses_nothing_up(
    identity: Identity, recovery: Recovery, june: Person, password: str, rule: str | None
) -> None:
    grant = await recovery.grant(june)
    session = (await identity.log_on(june.username)).body

    answer = await identity.reset(grant, password)

    if rule is None:
        assert answer.status == 200
        return
    assert answer.code == "password_unacceptable"
    params = {error["code"]: error.get("params") for error in answer.body["errors"]}
    assert params[rule] == PARAMS[rule]
    assert {error["field"] for error in answer.body["errors"]} == {"new_password"}
    assert (await identity.refresh(session["refresh_token"])).status == 200
    assert (await identity.reset(grant, NEW)).status == 200


@pytest.mark.proves("ID-3")
async def test_none_of_the_last_five_passwords_is_taken_again(
    identity: Identity, recovery: Recovery
) -> None:
    person = await identity.an_account(password="Walnut-Harbour-0")
    answers = {}
    for number in range(1, 6):
        grant = await recovery.grant(person, security_version=number)
        answer = await identity.reset(grant, f"Walnut-Harbour-{number}")
        assert answer.status == 200, answer.body

    grant = await recovery.grant(person, security_version=6)
    for number in (5, 1, 0):
        answers[number] = (await identity.reset(grant, f"Walnut-Harbour-{number}")).status

    assert answers == {5: 422, 1: 422, 0: 200}
    assert len(await identity.rows("SELECT FROM password_history")) == 5


@pytest.mark.proves("RC-3")
async def test_a_frozen_account_takes_no_grant(
    identity: Identity, recovery: Recovery, june: Person
) -> None:
    await identity.freeze(june.id)

    # One that was issued since, so that it is the freeze that refuses it and no version.
    answer = await identity.reset(await recovery.grant(june, security_version=2), NEW)

    assert answer.code == "grant_superseded"


@pytest.mark.proves("RC-3", "V9.2.2")
async def test_only_recoverys_own_unexpired_grant_for_a_password_is_taken(
    identity: Identity, recovery: Recovery, june: Person
) -> None:
    expired = await recovery.grant(june)
    by_hand = await recovery.grant(june, route="by hand")
    access = (await identity.log_on(june.username)).body["access_token"]
    tried = [await identity.reset(grant, NEW) for grant in (by_hand, access, "x.y.z")]
    identity.clock.advance(minutes=10)
    tried.append(await identity.reset(expired, NEW))

    assert [(answer.status, answer.code) for answer in tried] == [(400, "grant_invalid")] * 4


@pytest.mark.proves("RC-3", "LG-1", "V15.4.2")
async def test_a_log_on_racing_a_reset_never_leaves_a_session_of_the_old_password(
    identity: Identity, second: Identity, recovery: Recovery
) -> None:
    for _ in range(5):
        person = await identity.an_account()
        grant = await recovery.grant(person)

        *_, reset = await asyncio.gather(
            *(replica.log_on(person.username) for replica in (identity, second) * 8),
            identity.reset(grant, NEW),
        )

        assert reset.status == 200
        live = await identity.rows(
            "SELECT id FROM sessions WHERE account_id = $1 AND ended_at IS NULL", person.id
        )
        assert [str(row["id"]) for row in live] == [reset.body["session_id"]]


@pytest.mark.proves("RC-3", "SE-1")
async def test_a_refresh_racing_a_reset_never_outlives_it(
    identity: Identity, second: Identity, recovery: Recovery
) -> None:
    for _ in range(5):
        person = await identity.an_account()
        grant = await recovery.grant(person)
        token = (await identity.log_on(person.username)).body["refresh_token"]

        *refreshed, reset = await asyncio.gather(
            *(replica.refresh(token) for replica in (identity, second) * 8),
            identity.reset(grant, NEW),
        )

        assert reset.status == 200
        for answer in refreshed:
            successor = answer.body.get("refresh_token", "none")
            assert (await identity.refresh(successor)).code == "refresh_invalid"


@pytest.mark.proves("RC-3", "V15.4.2")
async def test_of_parallel_guesses_at_the_last_passwords_five_are_told_whatever_the_grant(
    identity: Identity, second: Identity, recovery: Recovery, june: Person
) -> None:
    grants = [await recovery.grant(june, jti="proof-1") for _ in range(2)]

    answers = await asyncio.gather(
        *(replica.reset(grant, PASSWORD) for replica in (identity, second) * 4 for grant in grants)
    )
    allowed = await identity.reset(grants[0], NEW)

    assert Counter(answer.code for answer in answers) == {
        "password_unacceptable": 5,
        "grant_exhausted": 11,
    }
    assert (allowed.status, allowed.code) == (400, "grant_exhausted")
    assert (await identity.log_on(june.username)).status == 201
    assert await identity.rows("SELECT FROM spent_grants") == []


@pytest.mark.proves("RC-3")
async def test_a_fifth_password_is_taken_after_four_that_were_refused_and_another_proof_begins_anew(
    identity: Identity, recovery: Recovery, june: Person
) -> None:
    grant = await recovery.grant(june)
    for refused in ("sh-1A", PASSWORD, "walnut-harbour-8", "x" * 4096):
        assert (await identity.reset(grant, refused)).code == "password_unacceptable"
    assert (await identity.reset(grant, NEW)).status == 200

    other = await recovery.grant(june, security_version=2)
    for _ in range(5):
        assert (await identity.reset(other, NEW)).code == "password_unacceptable"
    assert (await identity.reset(other, "Tin!Whistle-44")).code == "grant_exhausted"
    new_proof = await recovery.grant(june, security_version=2)
    assert (await identity.reset(new_proof, "Tin!Whistle-44")).status == 200
