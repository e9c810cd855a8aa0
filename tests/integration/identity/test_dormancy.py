"""Who has not logged on for months, listed and un-enrolled by their practice (UN-2)."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.builders.practices import PracticeDesk, add_practice, practice_desk
from tests.rigs.identity import Identity
from tests.rigs.replica import Answer

pytestmark = pytest.mark.proves("UN-2", "ST-1")


async def listed(desk: PracticeDesk, months: int = 12, **query: str) -> dict[str, Any]:
    desk = await desk.renewed()
    more = "".join(f"&{name}={value}" for name, value in query.items())
    answer = await desk.call(f"/practice/dormant-patients?months={months}{more}", method="GET")
    assert answer.status == 200, answer.body
    return dict(answer.body)


def ids(found: dict[str, Any]) -> list[str]:
    return [each["patient_id"] for each in found["patients"]]


async def un_enrol(desk: PracticeDesk, *patient_ids: str, months: int = 12) -> Answer:
    body = {
        "staff_id": "nurse-7",
        "reason": "a year away",
        "months": months,
        "patient_ids": list(patient_ids),
    }
    return await (await desk.renewed()).call("/practice/dormant-patients/un-enrol", body)


def results(answer: Answer) -> list[str]:
    return [each["result"] for each in answer.body["results"]]


async def test_a_year_is_over_at_the_moment_of_the_last_log_on(desk: PracticeDesk) -> None:
    identity = desk.identity
    patient_id = await desk.enrolled()
    identity.clock.advance(hours=20)
    await identity.logged_on("maria.garcia")
    identity.clock.advance(hours=20)
    await identity.logged_on("maria.garcia")  # within a day, and it counts all the same
    last = identity.clock.now()

    def advance_to(moment: datetime) -> None:
        identity.clock.advance(seconds=(moment - identity.clock.now()).total_seconds())

    advance_to(last.replace(year=last.year + 1) - timedelta(seconds=1))
    before = await listed(desk)
    advance_to(last.replace(year=last.year + 1))
    after = await listed(desk)

    assert ids(before) == []
    [found] = after["patients"]
    assert found["patient_id"] == patient_id
    assert found["last_name"] == "García-Lopez"
    assert found["last_log_on_at"].startswith(last.strftime("%Y-%m-%dT%H:%M:%S"))


async def test_who_never_logged_on_counts_from_her_enrolment(desk: PracticeDesk) -> None:
    patient_id = await desk.enrolled()
    desk.identity.clock.advance(days=370)

    found = await listed(desk)

    assert ids(found) == [patient_id]
    assert found["patients"][0]["last_log_on_at"] is None
    assert "next" not in found


async def test_a_log_on_is_one_at_every_practice_and_others_see_their_own_alone(
    identity: Identity,
) -> None:
    elm, oak = await practice_desk(identity), await practice_desk(identity)
    at_elm = await elm.enrolled()
    at_oak = await oak.a_patient()
    await add_practice(identity, (await oak.issue(at_oak)).body["token"])
    identity.clock.advance(days=370)

    assert (ids(await listed(elm)), ids(await listed(oak))) == ([at_elm], [at_oak])
    foreign = await un_enrol(elm, at_oak)
    await identity.logged_on("maria.garcia")

    assert results(foreign) == ["not_found"]
    assert (ids(await listed(elm)), ids(await listed(oak))) == ([], [])


async def test_pages_go_on_where_the_last_one_ended(
    desk: PracticeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.identity.desk.dormancy.PAGE", 2)
    monkeypatch.setattr("services.identity.desk.api.dormancy.PAGE", 2)
    enrolled = []
    for number in range(5):
        enrolled.append(await desk.enrolled(username=f"maria.{number}"))
        desk.identity.clock.advance(seconds=1)
    desk.identity.clock.advance(days=370)

    seen: list[str] = []
    found = await listed(desk)
    while True:
        seen += ids(found)
        if "next" not in found:
            break
        found = await listed(desk, after=found["next"])

    assert seen == enrolled


@pytest.mark.parametrize("since", ["un-enrolled", "here again"])
async def test_pages_go_on_when_the_last_one_listed_is_dormant_no_more(
    desk: PracticeDesk, monkeypatch: pytest.MonkeyPatch, since: str
) -> None:
    monkeypatch.setattr("services.identity.desk.dormancy.PAGE", 2)
    monkeypatch.setattr("services.identity.desk.api.dormancy.PAGE", 2)
    enrolled = []
    for number in range(5):
        enrolled.append(await desk.enrolled(username=f"maria.{number}"))
        desk.identity.clock.advance(seconds=1)
    desk.identity.clock.advance(days=370)
    first = await listed(desk)
    if since == "un-enrolled":
        assert results(await un_enrol(desk, *ids(first))) == ["un-enrolled"] * 2
    else:
        await desk.identity.logged_on("maria.0")
        await desk.identity.logged_on("maria.1")

    second = await listed(desk, after=first["next"])

    assert ids(first) + ids(second) == enrolled[:4]
    assert ids(await listed(desk, after=second["next"])) == enrolled[4:]


async def test_each_row_has_its_result_and_the_same_call_again_changes_nothing(
    desk: PracticeDesk,
) -> None:
    identity = desk.identity
    gone, back = [await desk.enrolled(username=f"maria.{number}") for number in range(2)]
    never = await desk.a_patient()
    identity.clock.advance(days=370)
    assert set(ids(await listed(desk))) == {gone, back}
    await identity.logged_on("maria.1")

    answer = await un_enrol(desk, gone, back, never, str(UUID(int=7)))
    again = await un_enrol(desk, gone)

    assert results(answer) == [
        "un-enrolled",
        "patient_not_dormant",
        "patient_not_enrolled",
        "not_found",
    ]
    assert results(again) == ["patient_not_enrolled"]
    assert len(await identity.events("enrolment-ended")) == 1
    rows = await identity.rows(
        "SELECT staff, reason FROM audit_entries WHERE action = 'patient.un-enrol' "
        "AND outcome = 'done'"
    )
    assert [tuple(row) for row in rows] == [("nurse-7", "a year away")]
    assert ids(await listed(desk)) == []


async def test_who_is_re_activated_is_not_dormant_yet(desk: PracticeDesk) -> None:
    patient_id = await desk.enrolled()
    desk.identity.clock.advance(days=370)
    await un_enrol(desk, patient_id)
    desk = await desk.renewed()
    assert (await desk.reactivate(patient_id)).status == 204

    assert ids(await listed(desk)) == []


async def test_of_two_bulks_at_once_each_record_is_un_enrolled_once(desk: PracticeDesk) -> None:
    patients = [await desk.enrolled(username=f"maria.{number}") for number in range(4)]
    desk.identity.clock.advance(days=370)

    one, other = await asyncio.gather(un_enrol(desk, *patients), un_enrol(desk, *patients[::-1]))

    done = results(one) + results(other)
    assert done.count("un-enrolled") == 4
    assert done.count("patient_not_enrolled") == 4
    assert len(await desk.identity.events("enrolment-ended")) == 4


@pytest.mark.parametrize("months", ["0", "241", "-1", "1.5", "", "٣", "0240999", "1" * 5000])
async def test_what_is_no_number_of_months_is_named(desk: PracticeDesk, months: str) -> None:
    answer = await desk.call(f"/practice/dormant-patients?months={months}", method="GET")

    assert (answer.status, answer.code) == (400, "body_invalid")
    assert answer.body["errors"][0]["field"] == "query.months"


async def test_the_list_is_read_off_an_index_of_the_practice_alone(desk: PracticeDesk) -> None:
    async with desk.identity.database.connection("identity") as connection:
        await connection.execute("SET enable_seqscan = off")
        await connection.execute("SET enable_sort = off")  # of a few rows it costs next to nothing
        plan = await connection.fetch(
            "EXPLAIN SELECT id FROM patients p WHERE p.practice_id = $1 "
            "AND p.seen_at <= now() ORDER BY p.seen_at, p.id LIMIT 100",
            UUID(desk.practice_id),
        )

    assert "patients_seen" in str(plan)
    assert "Sort" not in str(plan)
