"""Identity's half of RC-6: a password by once-only validation, and what is gated after it."""

import asyncio
from collections import Counter

import pytest

from tests.builders.practices import PracticeDesk, enrol
from tests.rigs.identity import PASSWORD, Identity, Person, Recovery
from tests.rigs.replica import Answer

NAME = "maria.garcia"
NEW, NEXT = "Copper!Lantern-42", "Copper!Lantern-43"


async def validate(
    identity: Identity, recovery: Recovery, person: Person, *, password: str = NEW, version: int = 1
) -> Answer:
    grant = await recovery.grant(person, route="validation", security_version=version)
    return await identity.reset(grant, password)


@pytest.mark.proves("RC-6")
async def test_the_reply_holds_no_session_and_she_logs_on_with_the_new_password(
    identity: Identity, recovery: Recovery
) -> None:
    june = await identity.an_account()
    session = (await identity.log_on(june.username)).body

    answer = await validate(identity, recovery, june)

    assert (answer.status, answer.body) == (200, {"ends": "log-on"})
    assert (await identity.refresh(session["refresh_token"])).status == 401
    assert (await identity.log_on(june.username, NEW)).status == 201
    (told,) = await identity.events("account-changed")
    assert told["validated"] is True


@pytest.mark.proves("RC-6", "LG-3")
async def test_the_session_after_it_can_only_have_an_account_e_mail_verified(
    identity: Identity, recovery: Recovery
) -> None:
    june = await identity.an_account()
    await validate(identity, recovery, june)

    session = (await identity.log_on(june.username, NEW)).body

    token = session["access_token"]
    assert (session["scope"], session["gates"][0]) == (
        "gates",
        {"name": "account-email", "required": True},
    )
    for method, path in (("GET", "/sessions"), ("POST", "/gates/account-email/skip")):
        assert (await identity.call(method, path, token=token)).code == "session_scope_missing"
    claim = {"address": "june@mail.example"}
    claimed = await identity.call("POST", "/account/email", claim, token=token)
    assert claimed.status == 202, claimed.body


@pytest.mark.proves("RC-6", "LG-3")
async def test_once_her_e_mail_is_verified_the_gate_is_open_for_good(
    identity: Identity, recovery: Recovery
) -> None:
    june = await identity.an_account()
    await validate(identity, recovery, june)
    session = (await identity.log_on(june.username, NEW)).body

    await identity.rows(
        "INSERT INTO account_emails VALUES ($1, 'verified', 'j@mail.example', 'j@mail.example',"
        " now(), now())",
        june.id,
    )

    renewed = (await identity.refresh(session["refresh_token"])).body
    assert renewed["scope"] == "full"
    again = (await identity.log_on(june.username, NEW)).body
    assert "account-email" not in [gate["name"] for gate in again["gates"]]


@pytest.mark.proves("RC-6", "LG-3")
async def test_a_practice_waives_the_e_mail_of_who_has_none_and_it_is_offered_again(
    identity: Identity, recovery: Recovery
) -> None:
    june = await identity.an_account()
    await validate(identity, recovery, june)

    await identity.rows("UPDATE accounts SET email_waived = true WHERE id = $1", june.id)

    session = (await identity.log_on(june.username, NEW)).body
    assert session["scope"] == "full"
    assert session["gates"][0] == {"name": "account-email", "required": False}


@pytest.mark.proves("RC-6")
async def test_a_session_at_another_gate_claims_no_e_mail(
    identity: Identity, recovery: Recovery
) -> None:
    june = await identity.an_account()
    await validate(identity, recovery, june)
    await identity.publish_terms("2027-01")
    token = (await identity.log_on(june.username, NEW)).body["access_token"]

    claimed = await identity.call(
        "POST", "/account/email", {"address": "june@mail.example"}, token=token
    )

    assert claimed.code == "session_scope_missing"


@pytest.mark.proves("RC-6", "RC-7")
async def test_forgotten_again_it_is_no_way_any_more_whatever_recovery_has_heard(
    identity: Identity, recovery: Recovery
) -> None:
    june = await identity.an_account()
    await validate(identity, recovery, june)

    again = await validate(identity, recovery, june, password=NEXT, version=2)

    assert (again.status, again.code) == (422, "validation_unavailable")
    assert (await identity.log_on(june.username, NEW)).status == 201
    token = (await identity.log_on(june.username, NEW)).body["access_token"]
    account = await identity.call("GET", "/account", token=token)
    assert account.body["recovery_routes"] == ["practice"]
    assert len(await identity.rows("SELECT FROM spent_grants")) == 1
    [refused] = await identity.rows("SELECT detail FROM audit_entries WHERE outcome = 'refused'")
    assert refused["detail"] == "validation_unavailable"
    by_practice = await recovery.grant(june, route="practice-token", security_version=2)
    assert (await identity.reset(by_practice, NEXT)).status == 200


@pytest.mark.proves("RC-7")
async def test_until_her_e_mail_is_there_or_waived_others_are_told_that_only_her_practice_helps(
    identity: Identity, recovery: Recovery, desk: PracticeDesk
) -> None:
    patient_id = await desk.enrolled()
    [account] = await identity.rows("SELECT id FROM accounts")
    june = Person(id=account["id"], username=NAME, password=PASSWORD, email=None)
    await validate(identity, recovery, june)

    path = f"/practice/patients/{patient_id}/email-waiver"
    for waived in (True, False):
        by = {"staff_id": "nurse-7", "reason": "she has none", "waived": waived}
        assert (await desk.call(path, by, method="PUT")).status == 204

    told = await identity.events("account-changed")
    assert [each["reset_by_practice"] for each in told] == [False, True, False, True]


@pytest.mark.proves("RC-6")
async def test_it_is_no_way_for_who_has_set_five_questions_meanwhile(
    identity: Identity, recovery: Recovery
) -> None:
    june = await identity.an_account()
    grant = await recovery.grant(june, route="validation")
    await identity.rows("UPDATE accounts SET questions_set = true WHERE id = $1", june.id)

    answer = await identity.reset(grant, NEW)

    assert (answer.status, answer.code) == (422, "validation_unavailable")


@pytest.mark.proves("RC-6", "EN-7")
@pytest.mark.parametrize(
    ("record", "routes"),
    [
        ({}, ["practice"]),
        ({"home_phone": "213 555 0142"}, ["practice"]),
        ({"home_phone": "213 555 0142", "address": "12 Elm Street"}, ["validation", "practice"]),
    ],
)
async def test_it_is_named_among_her_ways_where_her_record_has_what_is_asked_for(
    identity: Identity, desk: PracticeDesk, record: dict[str, str], routes: list[str]
) -> None:
    enrolled = await enrol(identity, await desk.a_token(**record))

    token = (await identity.logged_on(NAME))["access_token"]
    account = await identity.call("GET", "/account", token=token)

    assert enrolled.body["recovery_routes"] == account.body["recovery_routes"] == routes


@pytest.mark.proves("RC-6")
async def test_it_is_no_way_for_who_has_a_verified_account_e_mail(
    identity: Identity, recovery: Recovery
) -> None:
    june = await identity.an_account(email="june@mail.example")

    answer = await validate(identity, recovery, june)

    assert answer.code == "validation_unavailable"
    [row] = await identity.rows("SELECT validated_at FROM accounts WHERE id = $1", june.id)
    assert row["validated_at"] is None


@pytest.mark.proves("RC-6")
async def test_of_64_with_proofs_of_their_own_one_sets_the_password(
    identity: Identity, recovery: Recovery
) -> None:
    june = await identity.an_account()
    grants = [await recovery.grant(june, route="validation") for _ in range(64)]

    answers = await asyncio.gather(
        *(identity.reset(grant, f"{NEW}{number}") for number, grant in enumerate(grants))
    )

    told = Counter((answer.status, answer.code) for answer in answers)
    assert told == {(200, ""): 1, (400, "grant_superseded"): 63}
    assert len(await identity.rows("SELECT FROM spent_grants")) == 1
    [row] = await identity.rows("SELECT validated_at FROM accounts WHERE id = $1", june.id)
    assert row["validated_at"] is not None


@pytest.mark.proves("RC-6")
async def test_a_password_that_is_refused_uses_nothing_up(
    identity: Identity, recovery: Recovery
) -> None:
    june = await identity.an_account()
    grant = await recovery.grant(june, route="validation")

    refused = await identity.reset(grant, "short")

    assert refused.code == "password_unacceptable"
    assert (await identity.reset(grant, NEW)).status == 200
