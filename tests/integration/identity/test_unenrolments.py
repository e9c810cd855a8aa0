"""UN-1, UN-3: a practice un-enrols its own patient, and enrols her again."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
import pytest_asyncio

from deploy.client.eventually import eventually
from tests.builders.practices import PracticeDesk, add_practice, practice_desk
from tests.rigs.identity import PASSWORD, Identity

EMAIL = "maria@mail.example"


@pytest_asyncio.fixture
async def elm(identity: Identity) -> PracticeDesk:
    """A second practice."""
    return await practice_desk(identity)


async def at_both(desk: PracticeDesk, elm: PracticeDesk) -> tuple[str, str]:
    """Maria's records at two practices, under one account with a verified e-mail."""
    here = await desk.enrolled()
    there = await elm.a_patient()
    token = (await elm.issue(there)).body["token"]
    assert (await add_practice(desk.identity, token)).status == 201
    await verify_email(desk.identity)
    return here, there


async def verify_email(identity: Identity) -> None:
    await identity.rows(
        "INSERT INTO account_emails SELECT id, 'verified', $1, $1, created_at, created_at "
        "FROM accounts",
        EMAIL,
    )


async def states(identity: Identity) -> dict[str, str]:
    rows = await identity.rows("SELECT patient_id, state FROM enrolments")
    return {str(row["patient_id"]): row["state"] for row in rows}


async def ends(identity: Identity) -> list[str]:
    rows = await identity.rows("SELECT ended_by FROM sessions WHERE ended_at IS NOT NULL")
    return [row["ended_by"] for row in rows]


@pytest.mark.proves("UN-1")
async def test_un_enrolling_ends_this_practices_enrolment_and_no_other(
    desk: PracticeDesk, elm: PracticeDesk
) -> None:
    here, there = await at_both(desk, elm)

    answer = await desk.un_enrol(here)

    assert (answer.status, answer.body) == (204, {})
    assert await states(desk.identity) == {here: "un-enrolled", there: "enrolled"}
    opened = await desk.identity.logged_on("maria.garcia")
    account = await desk.identity.call("GET", "/account", token=opened["access_token"])
    shown = {one["practice_id"]: one["state"] for one in account.body["practices"]}
    assert shown == {desk.practice_id: "un-enrolled", elm.practice_id: "enrolled"}


@pytest.mark.proves("UN-1")
async def test_the_account_and_the_mail_are_told_and_the_reason_is_not(
    desk: PracticeDesk, elm: PracticeDesk
) -> None:
    here, there = await at_both(desk, elm)
    persons = await desk.identity.events("person-changed")

    await desk.un_enrol(here)

    [ended] = await desk.identity.events("enrolment-ended")
    assert ended == {
        "account_id": ended["account_id"],
        "recipients": [EMAIL],
        "locale": "en-US",
        "time_zone": "America/New_York",
        "occurred_at": desk.identity.clock.now().isoformat().replace("+00:00", "Z"),
        "practice_name": "Elm Street Practice",
        "practice_contact": "+1 555 0100",
    }
    snapshot = (await desk.identity.events("account-changed"))[-1]
    assert {one["patient_id"]: one["state"] for one in snapshot["enrolments"]} == {
        here: "un-enrolled",
        there: "enrolled",
    }
    versions = await desk.identity.rows(
        "SELECT convert_from(body, 'UTF8')::json->>'aggregateversion' AS v FROM outbox "
        "WHERE routing_key = 'identity.account-changed.v1' ORDER BY id"
    )
    assert [row["v"] for row in versions] == ["1", "2", "3"]
    assert await desk.identity.events("person-changed") == persons  # still the account's record


@pytest.mark.proves("UN-1", "SE-1")
async def test_two_practices_that_un_enrol_at_once_end_the_sessions_between_them(
    desk: PracticeDesk, elm: PracticeDesk
) -> None:
    here, there = await at_both(desk, elm)
    for _ in range(3):
        await desk.identity.logged_on("maria.garcia")

    answers = await asyncio.gather(desk.un_enrol(here), elm.un_enrol(there))

    assert [answer.status for answer in answers] == [204, 204]
    assert await ends(desk.identity) == ["un-enrolled"] * 3


@pytest.mark.proves("UN-1", "SE-1")
async def test_losing_the_last_practice_ends_every_session(
    desk: PracticeDesk, second: Identity
) -> None:
    patient_id = await desk.enrolled()
    opened = [await desk.identity.logged_on("maria.garcia") for _ in range(2)]

    await desk.un_enrol(patient_id)

    for session in opened:
        refused = await second.call("GET", "/account", token=session["access_token"])
        assert refused.code == "unauthenticated"
        assert (await second.refresh(session["refresh_token"])).code == "refresh_invalid"
    assert await ends(desk.identity) == ["un-enrolled"] * 2


@pytest.mark.proves("UN-1")
async def test_a_token_of_the_record_that_is_still_live_is_void(
    desk: PracticeDesk, elm: PracticeDesk
) -> None:
    here, there = await at_both(desk, elm)
    others = await elm.a_token()
    now = desk.identity.clock.now()
    await desk.identity.rows(
        "INSERT INTO one_time_secrets (id, purpose, owner, digest, state, issued_at, expires_at, "
        "kept_until) VALUES ($1, 'enrolment-token', $2, $3, 'live', $4, $5, $5)",
        uuid4(),
        here,
        b"d" * 32,
        now,
        now + timedelta(days=21),
    )

    await desk.un_enrol(here)

    live = await desk.identity.rows("SELECT owner FROM one_time_secrets WHERE state = 'live'")
    assert len(live) == 1
    assert str(live[0]["owner"]) not in (here, there)
    assert (await add_practice(desk.identity, others)).status == 201


@pytest.mark.proves("UN-1", "V2.3.4")
async def test_an_un_enrolment_beside_an_added_practice_leaves_sessions_that_have_a_practice(
    desk: PracticeDesk, elm: PracticeDesk
) -> None:
    here = await desk.enrolled()
    tokens = [await elm.a_token() for _ in range(4)]
    await desk.identity.logged_on("maria.garcia")

    await asyncio.gather(
        desk.un_enrol(here), *(add_practice(desk.identity, token) for token in tokens)
    )

    assert sorted((await states(desk.identity)).values()) == ["enrolled"] * 4 + ["un-enrolled"]
    snapshot = (await desk.identity.events("account-changed"))[-1]
    assert {one["patient_id"]: one["state"] for one in snapshot["enrolments"]} == await states(
        desk.identity
    )


@pytest.mark.proves("UN-1", "V2.3.4")
async def test_an_un_enrolment_that_waited_for_a_merge_ends_it_at_the_survivor(
    desk: PracticeDesk,
) -> None:
    patient_id = await desk.enrolled()
    survivor = await desk.identity.an_account()
    async with desk.identity.plumbing.database.transaction() as merge:
        await merge.execute("SELECT FROM accounts ORDER BY id FOR NO KEY UPDATE")
        await merge.execute("UPDATE enrolments SET account_id = $1", survivor.id)
        waiting = asyncio.create_task(desk.un_enrol(patient_id))
        await eventually(desk.identity.somebody_waits)

    assert (await waiting).status == 204
    [ended] = await desk.identity.events("enrolment-ended")
    assert ended["account_id"] == str(survivor.id)
    versions = await desk.identity.rows(
        "SELECT version FROM accounts ORDER BY id = $1", survivor.id
    )
    assert [row["version"] for row in versions] == [1, 2]


@pytest.mark.proves("UN-1", "UN-3", "V15.4.2")
async def test_everything_about_one_account_at_once_never_deadlocks(
    desk: PracticeDesk, second: Identity, elm: PracticeDesk
) -> None:
    here, there = await at_both(desk, elm)
    opened = [await desk.identity.logged_on("maria.garcia") for _ in range(2)]
    tokens = [await elm.a_token() for _ in range(2)]

    answers = await asyncio.gather(
        *(verb(here) for verb in (desk.un_enrol, desk.reactivate, desk.unlock, desk.issue) * 2),
        *(verb(there) for verb in (elm.un_enrol, elm.reactivate, elm.unlock, elm.issue) * 2),
        *(add_practice(second, token) for token in tokens * 2),
        *(second.refresh(session["refresh_token"]) for session in opened * 2),
        *(second.log_on("maria.garcia", password) for password in (PASSWORD, "Wrong-1234!") * 2),
    )

    [row] = await desk.identity.rows(
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    )
    assert row["deadlocks"] == 0
    assert {answer.status for answer in answers} <= {201, 204, 200, 401, 409}


@pytest.mark.proves("UN-1", "EN-1")
async def test_who_was_un_enrolled_is_re_activated_and_nothing_else(desk: PracticeDesk) -> None:
    patient_id = await desk.enrolled()
    await desk.un_enrol(patient_id)

    answers = [await verb(patient_id) for verb in (desk.unlock, desk.un_enrol, desk.issue)]

    assert [answer.refused() for answer in answers] == [
        (409, "patient_not_enrolled"),
        (409, "patient_not_enrolled"),
        (409, "patient_enrolled"),
    ]
    assert len(await desk.identity.events("enrolment-ended")) == 1


@pytest.mark.proves("UN-3")
async def test_re_activating_enrols_again_with_the_credentials_that_were(
    desk: PracticeDesk,
) -> None:
    patient_id = await desk.enrolled()
    await verify_email(desk.identity)
    await desk.un_enrol(patient_id)

    answer = await desk.reactivate(patient_id)

    assert (answer.status, answer.body) == (204, {})
    assert await states(desk.identity) == {patient_id: "enrolled"}
    assert (await desk.identity.log_on("maria.garcia")).status == 201
    [told] = await desk.identity.events("enrolment-reactivated")
    assert (told["recipients"], told["practice_name"]) == ([EMAIL], "Elm Street Practice")
    snapshot = (await desk.identity.events("account-changed"))[-1]
    assert [one["state"] for one in snapshot["enrolments"]] == ["enrolled"]
    [row] = await desk.identity.rows("SELECT version, security_version FROM accounts")
    assert tuple(row) == (3, 1)


@pytest.mark.proves("UN-3")
async def test_re_activating_shows_in_a_session_at_once_with_new_tokens(
    desk: PracticeDesk, elm: PracticeDesk
) -> None:
    here, _ = await at_both(desk, elm)
    await desk.un_enrol(here)
    opened = await desk.identity.logged_on("maria.garcia")

    await desk.reactivate(here)

    void = await desk.identity.call("GET", "/account", token=opened["access_token"])
    opened = (await desk.identity.refresh(opened["refresh_token"])).body
    account = await desk.identity.call("GET", "/account", token=opened["access_token"])
    assert void.status == 401
    assert [one["state"] for one in account.body["practices"]] == ["enrolled", "enrolled"]


@pytest.mark.proves("UN-1", "UN-3")
async def test_un_enrolling_and_re_activating_at_once_take_turns(desk: PracticeDesk) -> None:
    patient_id = await desk.enrolled()

    answers = await asyncio.gather(
        *(verb(patient_id) for verb in (desk.un_enrol, desk.reactivate) * 8)
    )

    assert {answer.status for answer in answers} == {204, 409}
    ended = len(await desk.identity.events("enrolment-ended"))
    again = len(await desk.identity.events("enrolment-reactivated"))
    assert [answer.status for answer in answers].count(204) == ended + again
    assert await states(desk.identity) == {
        patient_id: "enrolled" if ended == again else "un-enrolled"
    }
