"""MG-5, ST-1: a practice settles a duplicate chart, and the patient keeps the practice."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
import pytest_asyncio

from deploy.client.eventually import eventually
from services.identity.sessions.model import SessionEnd
from tests.builders.merges import deadlocks
from tests.builders.practices import PracticeDesk, add_practice, enrol, practice_desk
from tests.rigs.identity import Identity

pytestmark = pytest.mark.proves("ST-1", "MG-5")

ROUNDS = 6


@pytest_asyncio.fixture
async def elm(identity: Identity) -> PracticeDesk:
    """A second practice."""
    return await practice_desk(identity)


async def states(identity: Identity) -> dict[str, str]:
    rows = await identity.rows("SELECT patient_id, state FROM enrolments")
    return {str(row["patient_id"]): row["state"] for row in rows}


async def settlements(identity: Identity) -> list[tuple[list[str], list[str]]]:
    """What is told of each: the records kept, and those given up."""
    told = await identity.events("charts-settled")
    return [(one["kept"], one["given_up"]) for one in told]


async def test_a_record_that_is_given_up_is_un_enrolled_and_the_other_stays(
    desk: PracticeDesk,
) -> None:
    kept, given_up = await desk.duplicate()

    answer = await desk.settle(kept=[kept], given_up=[given_up])

    assert (answer.status, answer.body) == (204, {})
    assert await states(desk.identity) == {kept: "enrolled", given_up: "un-enrolled"}
    snapshot = (await desk.identity.events("account-changed"))[-1]
    assert {one["patient_id"]: one["state"] for one in snapshot["enrolments"]} == {
        kept: "enrolled",
        given_up: "un-enrolled",
    }
    [told] = await desk.identity.events("charts-settled")
    assert told == {
        "settlement_id": told["settlement_id"],
        "account_id": snapshot["account_id"],
        "practice_id": desk.practice_id,
        "kept": [kept],
        "given_up": [given_up],
    }


async def test_she_is_mailed_nothing_and_the_disclaimer_is_not_asked_again(
    desk: PracticeDesk,
) -> None:
    """The practice stays hers: "you were un-enrolled" would be wrong, and frighten her."""
    kept, given_up = await desk.duplicate()
    texts = {"en": "Ask before you worry."}
    body = {"staff_id": "nurse-7", "reason": "new text", "texts": texts}
    await desk.call("/practice/disclaimer", body, method="PUT")
    opened = await desk.identity.logged_on("maria.garcia")
    [asked] = (
        await desk.identity.call("GET", "/gates/disclaimers", token=opened["access_token"])
    ).body["disclaimers"]
    await desk.identity.call(
        "POST",
        f"/gates/disclaimers/{desk.practice_id}",
        {"version": asked["version"], "answer": "accept"},
        token=opened["access_token"],
    )

    await desk.settle(kept=[kept], given_up=[given_up])

    assert await desk.identity.events("enrolment-ended") == []
    opened = (await desk.identity.refresh(opened["refresh_token"])).body
    account = await desk.identity.call("GET", "/account", token=opened["access_token"])
    shown = {one["patient_id"]: one for one in account.body["practices"]}
    assert shown[kept]["state"] == "enrolled"
    assert shown[kept]["areas"]["records"] == "open"
    assert shown[given_up]["state"] == "un-enrolled"


@pytest.mark.proves("SE-4")
async def test_every_session_goes_on_with_new_tokens_that_see_one_record(
    desk: PracticeDesk, second: Identity
) -> None:
    kept, given_up = await desk.duplicate()
    opened = await desk.identity.logged_on("maria.garcia")

    await desk.settle(kept=[kept], given_up=[given_up])

    void = await second.call("GET", "/account", token=opened["access_token"])
    assert void.code == "unauthenticated"
    assert (await second.refresh(opened["refresh_token"])).status == 200
    ends = await desk.identity.rows("SELECT ended_by FROM sessions WHERE ended_at IS NOT NULL")
    assert SessionEnd.UNENROLLED not in {row["ended_by"] for row in ends}


async def test_all_may_stay_and_then_nothing_changes_but_that_it_is_settled(
    desk: PracticeDesk,
) -> None:
    both = await desk.duplicate()
    before = await desk.identity.events("account-changed")
    opened = await desk.identity.logged_on("maria.garcia")

    answer = await desk.settle(kept=both)

    assert answer.status == 204
    assert await states(desk.identity) == dict.fromkeys(both, "enrolled")
    assert await desk.identity.events("account-changed") == before
    read = await desk.identity.call("GET", "/account", token=opened["access_token"])
    assert read.status == 200
    assert await settlements(desk.identity) == [(list(both), [])]


async def test_what_is_settled_is_settled_whatever_is_said_next(desk: PracticeDesk) -> None:
    first, second = await desk.duplicate()
    await desk.settle(kept=[first, second])

    again = [
        await desk.settle(kept=[second, first]),
        await desk.settle(kept=[first], given_up=[second]),
        await desk.settle(kept=[second], given_up=[first]),
    ]

    assert [answer.refused() for answer in again] == [(409, "charts_settled")] * 3
    assert await states(desk.identity) == {first: "enrolled", second: "enrolled"}
    assert len(await settlements(desk.identity)) == 1


@pytest.mark.proves("UN-3")
async def test_a_record_that_was_given_up_can_be_re_activated(desk: PracticeDesk) -> None:
    kept, given_up = await desk.duplicate()
    await desk.settle(kept=[kept], given_up=[given_up])

    answer = await desk.reactivate(given_up)

    assert answer.status == 204
    assert await states(desk.identity) == {kept: "enrolled", given_up: "enrolled"}


async def test_what_was_handed_out_to_a_record_that_is_given_up_is_void(
    desk: PracticeDesk,
) -> None:
    kept, given_up = await desk.duplicate()
    now = desk.identity.clock.now()
    for owner in (kept, given_up):
        await desk.identity.rows(
            "INSERT INTO one_time_secrets (id, purpose, owner, digest, state, issued_at, "
            "expires_at, kept_until) VALUES ($1, 'enrolment-token', $2, $3, 'live', $4, $5, $5)",
            uuid4(),
            owner,
            owner.encode()[:32],
            now,
            now + timedelta(days=21),
        )

    await desk.settle(kept=[kept], given_up=[given_up])

    live = await desk.identity.rows("SELECT owner FROM one_time_secrets WHERE state = 'live'")
    assert [str(row["owner"]) for row in live] == [kept]


async def test_of_three_records_two_may_stay(desk: PracticeDesk) -> None:
    first, second = await desk.duplicate()
    third = await desk.a_patient()
    token = (await desk.issue(third)).body["token"]
    assert (await add_practice(desk.identity, token)).status == 201

    answer = await desk.settle(kept=[third, first], given_up=[second])

    assert answer.status == 204
    assert await states(desk.identity) == {
        first: "enrolled",
        second: "un-enrolled",
        third: "enrolled",
    }


async def test_it_never_takes_the_practice_from_her(desk: PracticeDesk) -> None:
    kept, given_up = await desk.duplicate()
    await desk.un_enrol(kept)

    refused = await desk.settle(kept=[kept], given_up=[given_up])
    await desk.un_enrol(given_up)
    settled = await desk.settle(kept=[kept], given_up=[given_up])

    assert refused.refused() == (409, "kept_chart_unenrolled")
    assert settled.status == 204  # of two that are un-enrolled nothing is taken
    assert len(await settlements(desk.identity)) == 1


async def test_a_record_is_named_once(desk: PracticeDesk) -> None:
    first, second = await desk.duplicate()

    answers = [
        await desk.settle(kept=[first, first], given_up=[second]),
        await desk.settle(kept=[first], given_up=[second, second]),
        await desk.settle(kept=[first, second], given_up=[second]),
    ]

    assert [answer.refused() for answer in answers] == [(422, "chart_named_twice")] * 3
    fields = [answer.body["errors"][0]["field"] for answer in answers]
    assert fields == ["kept", "given_up", "given_up"]
    assert await settlements(desk.identity) == []


async def test_one_record_is_no_duplicate_and_one_is_kept_at_least(desk: PracticeDesk) -> None:
    first, second = await desk.duplicate()

    alone = await desk.settle(kept=[first])
    none_kept = await desk.settle(kept=[], given_up=[first, second])

    assert [alone.refused(), none_kept.refused()] == [(400, "body_invalid")] * 2
    assert alone.body["errors"][0]["field"] == "given_up"
    assert none_kept.body["errors"][0]["field"] == "kept"


async def test_records_of_two_accounts_or_of_none_are_no_duplicate(desk: PracticeDesk) -> None:
    maria = await desk.enrolled()
    other = await desk.a_patient()
    token = (await desk.issue(other)).body["token"]
    assert (await enrol(desk.identity, token, username="maria.second")).status == 201
    nobody = await desk.a_patient()

    answers = [
        await desk.settle(kept=[maria], given_up=[other]),
        await desk.settle(kept=[maria], given_up=[nobody]),
        await desk.settle(kept=[nobody], given_up=[maria]),
    ]

    assert [answer.refused() for answer in answers] == [(409, "charts_not_duplicate")] * 3
    assert await states(desk.identity) == {maria: "enrolled", other: "enrolled"}


async def test_another_practices_record_of_the_same_account_is_like_nobodys(
    desk: PracticeDesk, elm: PracticeDesk
) -> None:
    first, second = await desk.duplicate()
    theirs = await elm.a_patient()
    token = (await elm.issue(theirs)).body["token"]
    assert (await add_practice(desk.identity, token)).status == 201

    answers = [
        await desk.settle(kept=[theirs], given_up=[first, second]),
        await desk.settle(kept=[first], given_up=[theirs]),
        await desk.settle(kept=[str(uuid4())], given_up=[first]),
        await elm.settle(kept=[first], given_up=[second]),
    ]

    assert [answer.refused() for answer in answers] == [(404, "not_found")] * 4


@pytest.mark.proves("AU-1")
async def test_the_history_of_each_record_says_who_settled_it_and_why(desk: PracticeDesk) -> None:
    kept, given_up = await desk.duplicate()

    await desk.settle(kept=[kept], given_up=[given_up])
    await desk.settle(kept=[given_up], given_up=[kept])

    rows = await desk.identity.rows(
        "SELECT subject, outcome, detail, practice FROM audit_entries "
        "WHERE action = 'charts.settle' ORDER BY at, id"
    )
    [told] = await desk.identity.events("charts-settled")
    done = [row for row in rows if row["outcome"] == "done"]
    assert {row["subject"] for row in done} == {
        f"account:{told['account_id']}",
        f"patient:{kept}",
        f"patient:{given_up}",
    }
    assert {row["detail"] for row in done} == {f"settlement:{told['settlement_id']}"}
    assert [row["detail"] for row in rows if row["outcome"] == "refused"] == ["charts_settled"]
    assert {str(row["practice"]) for row in rows} == {desk.practice_id}


# ---- races


@pytest.mark.proves("V15.4.2")
async def test_of_all_who_settle_at_once_and_differ_one_wins(
    desk: PracticeDesk, second: Identity
) -> None:
    here, there = await desk.duplicate()
    choices = [((here,), (there,)), ((there,), (here,)), ((here, there), ()), ((there, here), ())]

    answers = await asyncio.gather(
        *(desk.settle(kept=kept, given_up=given_up) for kept, given_up in choices * 4)
    )

    assert sorted(answer.status for answer in answers) == [204] + [409] * 15
    assert {answer.code for answer in answers} == {"", "charts_settled"}
    won = choices[[answer.status for answer in answers].index(204) % 4]
    assert await settlements(desk.identity) == [([*won[0]], [*won[1]])]
    assert {
        patient_id
        for patient_id, state in (await states(desk.identity)).items()
        if state == "enrolled"
    } == set(won[0])


@pytest.mark.proves("UN-1", "V15.4.2")
async def test_beside_an_un_enrolment_of_the_kept_record_nothing_is_settled_or_it_was_before(
    desk: PracticeDesk, second: Identity
) -> None:
    for _ in range(ROUNDS):
        kept, given_up = await desk.duplicate(desk.identity.a_username())

        ended, settled = await asyncio.gather(
            desk.un_enrol(kept), desk.settle(kept=[kept], given_up=[given_up])
        )

        now = await states(desk.identity)
        assert ended.status == 204
        assert now[kept] == "un-enrolled"
        assert now[given_up] == ("un-enrolled" if settled.status == 204 else "enrolled")
        assert settled.refused() in {(204, ""), (409, "kept_chart_unenrolled")}
    assert await deadlocks(desk.identity, second) == 0


async def test_a_settlement_that_waited_for_a_merge_settles_what_the_survivor_has(
    desk: PracticeDesk,
) -> None:
    first = await desk.enrolled()
    other = await desk.a_patient()
    token = (await desk.issue(other)).body["token"]
    assert (await enrol(desk.identity, token, username="maria.second")).status == 201
    [survivor] = await desk.identity.rows(
        "SELECT account_id FROM enrolments WHERE patient_id = $1", first
    )
    async with desk.identity.plumbing.database.transaction() as merge:
        await merge.execute("SELECT FROM accounts ORDER BY id FOR NO KEY UPDATE")
        await merge.execute("UPDATE enrolments SET account_id = $1", survivor["account_id"])
        waiting = asyncio.create_task(desk.settle(kept=[first], given_up=[other]))
        await eventually(desk.identity.somebody_waits)

    assert (await waiting).status == 204
    assert await states(desk.identity) == {first: "enrolled", other: "un-enrolled"}
