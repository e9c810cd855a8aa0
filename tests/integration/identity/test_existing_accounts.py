"""EN-5: a practice is added to an account one already has, by its token and the password."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.builders.practices import PracticeDesk, add_practice, enrol, practice_desk
from tests.rigs.identity import Identity

pytestmark = pytest.mark.proves("EN-5")
WRONG = "Wrong-Guess-1234"


@pytest_asyncio.fixture
async def home(desk: PracticeDesk) -> str:
    """Maria's record at the practice where she made her account."""
    return await desk.enrolled()


@pytest_asyncio.fixture
async def elm(identity: Identity, home: str) -> PracticeDesk:
    """A second practice, which Maria's account does not know yet."""
    return await practice_desk(identity)


async def practices_of(identity: Identity, session: dict[str, Any]) -> dict[str, str]:
    """What the account's holder reads of her practices."""
    account = await identity.call("GET", "/account", token=session["access_token"])
    return {one["practice_id"]: one["state"] for one in account.body["practices"]}


async def told(identity: Identity, *names: str) -> list[int]:
    """How many events of each name wait in the outbox."""
    return [len(await identity.events(name)) for name in names]


async def token_states(identity: Identity) -> list[str]:
    rows = await identity.rows("SELECT state FROM one_time_secrets ORDER BY state")
    return [row["state"] for row in rows]


async def test_the_practice_stands_under_the_account_beside_the_first_in_sessions_at_once(
    desk: PracticeDesk, elm: PracticeDesk
) -> None:
    opened = await elm.identity.logged_on("maria.garcia")

    answer = await add_practice(elm.identity, await elm.a_token())

    assert answer.status == 201
    assert answer.body == {
        "account_id": answer.body["account_id"],
        "practice_id": elm.practice_id,
        "practice_name": "Elm Street Practice",
    }
    opened = (await elm.identity.refresh(opened["refresh_token"])).body
    assert await practices_of(elm.identity, opened) == {
        desk.practice_id: "enrolled",
        elm.practice_id: "enrolled",
    }
    assert len(await elm.identity.rows("SELECT FROM accounts")) == 1


async def test_the_account_the_person_and_the_mail_are_told_in_one_transaction(
    identity: Identity, elm: PracticeDesk, home: str
) -> None:
    [account] = await identity.rows("SELECT id FROM accounts")
    await identity.rows(
        "INSERT INTO account_emails VALUES ($1, 'verified', 'm@mail.example', 'k', $2, $2)",
        account["id"],
        identity.clock.now(),
    )
    patient_id = await elm.a_patient()

    await add_practice(identity, (await elm.issue(patient_id)).body["token"])

    [added] = await identity.events("enrolment-added")
    assert added["recipients"] == ["m@mail.example"]
    assert added["practice_name"] == "Elm Street Practice"
    snapshot = (await identity.events("account-changed"))[-1]
    assert {one["patient_id"] for one in snapshot["enrolments"]} == {home, patient_id}
    person = (await identity.events("person-changed"))[-1]
    assert (person["patient_id"], person["account_id"]) == (patient_id, str(account["id"]))
    [row] = await identity.rows("SELECT version FROM accounts")
    assert row["version"] == 2


@pytest.mark.proves("LG-2")
async def test_a_right_password_is_counted_as_well_although_its_token_is_refused(
    identity: Identity, elm: PracticeDesk
) -> None:
    """It ends a row of wrong ones, as at a log-on: three before and three after lock nothing."""
    for _ in range(3):
        await identity.log_on("maria.garcia", WRONG)

    refused = await add_practice(identity, "ZZZZ-ZZZZ-ZZZZ-ZZZZ")

    assert refused.code == "token_invalid"
    for _ in range(3):
        await identity.log_on("maria.garcia", WRONG)
    assert (await identity.log_on("maria.garcia")).status == 201


async def test_the_same_token_again_says_that_the_practice_is_there_already(
    identity: Identity, elm: PracticeDesk
) -> None:
    token = await elm.a_token()
    await add_practice(identity, token)

    again = await add_practice(identity, token)
    unproven = await add_practice(identity, token, password=WRONG)

    assert (again.status, again.code) == (409, "already_enrolled")
    assert unproven.code == "invalid_credentials"
    assert await told(identity, "enrolment-added") == [1]


async def test_an_un_enrolled_record_is_not_enrolled_again_by_its_old_token(
    identity: Identity, elm: PracticeDesk
) -> None:
    patient_id = await elm.a_patient()
    token = (await elm.issue(patient_id)).body["token"]
    await add_practice(identity, token)
    await elm.un_enrol(patient_id)

    assert (await add_practice(identity, token)).code == "token_invalid"


@pytest.mark.proves("AU-1")
@pytest.mark.parametrize(
    "record", [{"last_name": "Lopez"}, {"birth_date": "1984-05-04"}], ids=["name", "date"]
)
async def test_another_persons_record_is_refused_told_to_the_practice_and_uses_nothing_up(
    identity: Identity, elm: PracticeDesk, record: dict[str, str]
) -> None:
    token = await elm.a_token(**record)

    answers = [await add_practice(identity, token) for _ in range(6)]

    assert {(answer.status, answer.code) for answer in answers} == {(409, "person_mismatch")}
    assert await token_states(identity) == ["live", "used"]
    assert await told(identity, "enrolment-added", "account-changed") == [0, 1]
    rows = await identity.rows(
        "SELECT DISTINCT outcome, detail, practice FROM audit_entries "
        "WHERE action = 'enrol.existing-account'"
    )
    assert [tuple(row) for row in rows] == [("refused", "person_mismatch", elm.practice_id)]
    entered = await enrol(
        identity, token, username="the.other", **{"last_name": "García-Lopez", **record}
    )
    assert entered.status == 201


async def test_one_record_that_matches_is_enough_and_it_may_be_an_un_enrolled_one(
    identity: Identity, desk: PracticeDesk, elm: PracticeDesk, home: str
) -> None:
    await desk.un_enrol(home)

    answer = await add_practice(
        identity, await elm.a_token(last_name="garcia lopez", first_name="Mary")
    )

    assert answer.status == 201
    assert await practices_of(identity, await identity.logged_on("maria.garcia")) == {
        desk.practice_id: "un-enrolled",
        elm.practice_id: "enrolled",
    }


async def test_an_account_without_any_record_matches_nobody(
    identity: Identity, elm: PracticeDesk
) -> None:
    await identity.an_account("no.records", enrolled=False)

    answer = await add_practice(identity, await elm.a_token(), name="no.records")

    assert answer.code == "person_mismatch"


@pytest.mark.proves("V2.3.4")
async def test_of_two_accounts_with_one_token_one_gets_the_record(
    identity: Identity, second: Identity, desk: PracticeDesk, elm: PracticeDesk
) -> None:
    await desk.enrolled(username="maria.lopez")
    token = await elm.a_token()

    answers = await asyncio.gather(
        *(
            add_practice(replica, token, name=name)
            for replica, name in zip(
                (identity, second) * 4,
                ("maria.garcia", "maria.lopez", "maria.lopez") * 3,
                strict=False,
            )
        )
    )

    won = {answer.body["account_id"] for answer in answers if answer.status == 201}
    assert len(won) == 1
    codes = {answer.code for answer in answers if answer.status != 201}
    assert codes == {"token_invalid", "already_enrolled"}
    assert await told(identity, "enrolment-added") == [1]


@pytest.mark.proves("V2.3.4")
async def test_a_new_account_and_an_existing_one_do_not_share_a_token(
    identity: Identity, elm: PracticeDesk
) -> None:
    token = await elm.a_token()

    answers = await asyncio.gather(
        *(add_practice(identity, token) for _ in range(6)),
        *(enrol(identity, token, username=f"maria.{number}") for number in range(1000, 1006)),
    )

    assert [answer.status for answer in answers].count(201) == 1
    [row] = await identity.rows("SELECT count(*) AS of_token FROM enrolments")
    assert row["of_token"] == 2


async def test_issuing_beside_adding_leaves_no_second_way_in(
    identity: Identity, elm: PracticeDesk
) -> None:
    patient_id = await elm.a_patient()
    token = (await elm.issue(patient_id)).body["token"]

    answers = await asyncio.gather(
        *(add_practice(identity, token) for _ in range(6)),
        *(elm.issue(patient_id) for _ in range(6)),
    )

    assert {answer.status for answer in answers} <= {201, 409, 422}
    live = await identity.rows("SELECT FROM one_time_secrets WHERE state = 'live'")
    added = await identity.events("enrolment-added")
    assert len(live) + len(added) == 1


@pytest.mark.proves("AU-1", "V16.3.1")
async def test_done_and_refused_are_in_the_audit_with_the_practice_whose_token_it_is(
    identity: Identity, elm: PracticeDesk
) -> None:
    token = await elm.a_token()
    await add_practice(identity, token, password=WRONG)
    await add_practice(identity, f"{uuid4()}")
    await add_practice(identity, token)

    [account] = await identity.rows("SELECT id FROM accounts")
    rows = await identity.rows(
        "SELECT outcome, detail, practice, subject FROM audit_entries "
        "WHERE action = 'enrol.existing-account'"
    )
    whose = f"account:{account['id']}"
    assert {tuple(row) for row in rows} == {
        ("refused", "wrong", elm.practice_id, whose),
        ("refused", "token_invalid", None, whose),
        ("done", None, elm.practice_id, whose),
    }
