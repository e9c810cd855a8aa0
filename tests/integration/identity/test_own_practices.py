"""EN-5 in a session: re-authenticated, without name and password, never a second account."""

import asyncio
from typing import Any

import pytest

from tests.builders.passkeys import Holder, a_holder
from tests.builders.practices import (
    INVITABLE,
    Postman,
    PracticeDesk,
    granted,
    practice_desk,
    prove,
    proven,
)
from tests.rigs.identity import PASSWORD, Identity, Person
from tests.rigs.replica import Answer

pytestmark = pytest.mark.proves("EN-5", "SE-3")


async def confirmed(identity: Identity, token: str, verb: str = "practice") -> str:
    """The grant of the password given again in this session."""
    body = {"password": PASSWORD, "verb": verb}
    answer = await identity.call("POST", "/account/reauthenticate", body, token=token)
    return str(answer.body["grant"])


async def add(identity: Identity, session: str, **said: Any) -> Answer:
    return await identity.call("POST", "/account/practices", said, token=session)


async def test_a_token_or_its_grant_adds_the_practice_to_the_sessions_own_account(
    identity: Identity, desk: PracticeDesk
) -> None:
    await desk.enrolled()
    for way in ("token", "grant"):
        elm = await practice_desk(identity)
        brought = await elm.a_token()
        if way == "grant":
            brought = await granted(identity, brought)
        session = (await identity.logged_on("maria.garcia"))["access_token"]

        answer = await add(
            identity,
            session,
            **{way: brought},
            reauthenticated=await confirmed(identity, session),
        )

        assert (answer.status, answer.body["practice_id"]) == (201, elm.practice_id)
    assert len(await identity.rows("SELECT FROM accounts")) == 1
    assert len(await identity.events("enrolment-added")) == 2


@pytest.mark.proves("EN-3")
async def test_an_invitation_adds_it_as_well(
    identity: Identity, desk: PracticeDesk, postman: Postman
) -> None:
    await desk.enrolled()
    elm = await practice_desk(identity)
    invitation = await postman.invitation(elm)
    number = INVITABLE["number"]
    grant = (await proven(identity, {"invitation": invitation, "number": number})).body["grant"]
    session = (await identity.logged_on("maria.garcia"))["access_token"]

    answer = await add(
        identity, session, grant=grant, reauthenticated=await confirmed(identity, session)
    )

    assert answer.status == 201


async def test_another_persons_record_is_left_to_the_practice_and_uses_nothing_up(
    identity: Identity, desk: PracticeDesk
) -> None:
    await desk.enrolled()
    elm = await practice_desk(identity)
    token = await elm.a_token(last_name="Thorne")
    session = (await identity.logged_on("maria.garcia"))["access_token"]
    grant = await confirmed(identity, session)

    answers = [await add(identity, session, token=token, reauthenticated=grant) for _ in range(2)]

    assert {answer.code for answer in answers} == {"person_mismatch"}
    assert (await prove(identity, token, last_name="Thorne")).status == 200


async def test_what_is_temporary_adds_nothing(identity: Identity, desk: PracticeDesk) -> None:
    await desk.enrolled()
    elm = await practice_desk(identity)
    temporary = (await proven(identity, await elm.a_temporary_pair())).body["grant"]
    session = (await identity.logged_on("maria.garcia"))["access_token"]

    answer = await add(
        identity, session, grant=temporary, reauthenticated=await confirmed(identity, session)
    )

    assert answer.code == "grant_wrong_act"


@pytest.mark.proves("V2.3.4")
async def test_of_two_tokens_at_once_under_one_confirmation_one_is_taken(
    identity: Identity, desk: PracticeDesk
) -> None:
    await desk.enrolled()
    tokens = [await (await practice_desk(identity)).a_token() for _ in range(16)]
    session = (await identity.logged_on("maria.garcia"))["access_token"]
    grant = await confirmed(identity, session)

    answers = await asyncio.gather(
        *(add(identity, session, token=token, reauthenticated=grant) for token in tokens)
    )

    assert [answer.status for answer in answers].count(201) == 1
    assert {answer.code for answer in answers} <= {"", "grant_used", "unauthenticated"}
    assert len(await identity.rows("SELECT FROM enrolments")) == 2


@pytest.mark.proves("UN-4")
async def test_who_has_no_practice_left_adds_one_and_is_in_the_portal_again(
    identity: Identity, desk: PracticeDesk
) -> None:
    await desk.un_enrol(await desk.enrolled())
    token = await (await practice_desk(identity)).a_token()
    opened = await identity.logged_on("maria.garcia")
    session = opened["access_token"]
    before = (await identity.introspected(session))["scope"]

    added = await add(
        identity, session, token=token, reauthenticated=await confirmed(identity, session)
    )
    renewed = (await identity.refresh(opened["refresh_token"])).body["access_token"]

    assert (before, added.status) == ("settings", 201)
    assert (await identity.introspected(renewed))["scope"] == "full"


@pytest.mark.proves("MF-8", "UN-4")
@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("way", ["token", "grant"])
async def test_a_passkey_is_all_that_is_asked_of_who_adds_one_in_a_session(
    identity: Identity, desk: PracticeDesk, way: str, left: bool
) -> None:
    """With two-step on by passkeys alone neither password nor code is typed, nor a name."""
    patient_id = await desk.enrolled()
    maria = await a_holder(identity, await the_person(identity, "maria.garcia"))
    await maria.made()
    await maria.two_step_by_passkeys()
    if not left:
        await desk.un_enrol(patient_id)
    opened = (await maria.log_on()).body
    maria.token, maria.refresh_token = opened["access_token"], opened["refresh_token"]
    first, second = [await practice_desk(identity) for _ in range(2)]
    brought = [await brought_of(identity, at, way) for at in (first, second)]

    for_merges = await by_passkey(maria, "merge")
    wrong = await add(identity, maria.token, **brought[0], reauthenticated=for_merges)
    grant = await by_passkey(maria, "practice")
    added = await add(identity, maria.token, **brought[0], reauthenticated=grant)
    token = await maria.refreshed()
    again = await add(identity, token, **brought[1], reauthenticated=grant)

    assert wrong.code == "grant_wrong_act"
    assert (added.status, added.body["practice_id"]) == (201, first.practice_id)
    assert again.code == "grant_used"
    assert (await identity.introspected(token))["scope"] == "full"
    assert len(await identity.rows("SELECT FROM accounts")) == 1
    assert len(await identity.events("enrolment-added")) == 1


async def the_person(identity: Identity, username: str) -> Person:
    [row] = await identity.rows("SELECT id FROM accounts WHERE username = $1", username)
    return Person(id=row["id"], username=username, password=PASSWORD, email=None)


async def brought_of(identity: Identity, desk: PracticeDesk, way: str) -> dict[str, str]:
    token = await desk.a_token()
    return {way: token if way == "token" else await granted(identity, token)}


async def by_passkey(holder: Holder, verb: str) -> str:
    """The grant of a passkey's answer alone."""
    body = await holder.asked("/account/reauthenticate") | {"verb": verb}
    answer = await holder.identity.call("POST", "/account/reauthenticate", body, token=holder.token)
    assert answer.status == 200, answer.body
    return str(answer.body["grant"])
