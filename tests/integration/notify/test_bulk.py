"""NT-9: a practice's system submits up to a thousand communications in a call."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from services.notify.communications.api.bulk import MOST
from shared.contracts.ids import PracticeId
from tests.builders.patients import Patient, a_patient, file_communications
from tests.rigs.issuer import Issuer
from tests.rigs.notify import Office
from tests.rigs.replica import Answer

pytestmark = pytest.mark.proves("NT-9")


class System:
    """A practice's own system."""

    def __init__(self, office: Office, token: str) -> None:
        self.office, self.token = office, token

    async def sends(self, *rows: object) -> Answer:
        body = {"communications": list(rows)}
        return await self.office.call("POST", "/communications/bulk", body, token=self.token)

    async def results(self, *rows: object) -> list[dict[str, Any]]:
        answer = await self.sends(*rows)
        assert answer.status == 200, answer.body
        found: list[dict[str, Any]] = answer.body["results"]
        return found


@pytest_asyncio.fixture
async def patient(office: Office) -> Patient:
    return await a_patient(office)


@pytest_asyncio.fixture
async def system(office: Office, issuer: Issuer, patient: Patient) -> System:
    token = await issuer.client_token(patient.practice_id, "communications:write")
    return System(office, token)


def row(patient: Patient, reference: str, **other: object) -> dict[str, object]:
    one = {"patient_id": str(patient.patient_id), "topic": "message", "reference": reference}
    return {**one, **other}


def words(results: list[dict[str, Any]]) -> list[str]:
    return [each["result"] for each in results]


async def written(office: Office) -> int:
    [found] = await office.rows("SELECT count(*) FROM communications WHERE due_at IS NOT NULL")
    return int(found["count"])


async def test_one_bad_row_of_a_thousand_leaves_the_others(
    office: Office, system: System, patient: Patient
) -> None:
    rows = [row(patient, f"visit-{number}") for number in range(MOST)]
    rows[500]["topic"] = "gossip"

    results = await system.results(*rows)

    assert [each["reference"] for each in results] == [f"visit-{n}" for n in range(MOST)]
    assert [place for place, word in enumerate(words(results)) if word != "submitted"] == [500]
    assert results[500]["result"] == "row_invalid"
    assert [error["field"] for error in results[500]["errors"]] == ["topic"]
    assert "communication_id" not in results[500]
    assert await written(office) == MOST - 1


async def test_the_same_call_again_changes_nothing(
    office: Office, system: System, patient: Patient
) -> None:
    rows = [row(patient, f"visit-{number}") for number in range(20)]

    first = await system.results(*rows)
    again = await system.results(*rows, row(patient, "visit-20"))

    ids = [each["communication_id"] for each in first]
    assert words(again) == ["unchanged"] * 20 + ["submitted"]
    assert [each["communication_id"] for each in again[:20]] == ids
    assert await written(office) == 21


async def test_a_row_taken_alone_before_is_the_same_one(
    office: Office, system: System, patient: Patient
) -> None:
    one = row(patient, "visit-7")
    alone = await office.call("POST", "/communications", one, token=system.token)

    [found] = await system.results(one)

    assert found["result"] == "unchanged"
    assert found["communication_id"] == alone.body["communication_id"]


async def test_a_reference_with_another_content_says_so_in_its_row_and_takes_none_along(
    office: Office, system: System, patient: Patient
) -> None:
    await system.results(row(patient, "visit-7"))

    results = await system.results(
        row(patient, "visit-6"), row(patient, "visit-7", topic="statement"), row(patient, "visit-8")
    )

    assert words(results) == ["submitted", "reference_reused", "submitted"]
    assert [error["field"] for error in results[1]["errors"]] == ["reference"]
    [kept] = await office.rows("SELECT topic FROM communications WHERE reference = 'visit-7'")
    assert kept["topic"] == "message"


async def test_of_one_reference_twice_in_a_call_the_first_counts(
    office: Office, system: System, patient: Patient
) -> None:
    twice = [row(patient, "twin"), row(patient, "twin"), row(patient, "twin", topic="statement")]

    results = await system.results(*twice)

    assert words(results) == ["submitted", "unchanged", "reference_reused"]
    assert results[0]["communication_id"] == results[1]["communication_id"]
    assert await written(office) == 1


async def test_of_ten_at_once_one_submits_each(
    office: Office, system: System, patient: Patient
) -> None:
    rows = [row(patient, f"visit-{number}") for number in range(50)]

    found = await asyncio.gather(
        *(system.results(*(rows if odd % 2 else rows[::-1])) for odd in range(10))
    )

    assert sum(words(results).count("submitted") for results in found) == 50
    assert {word for results in found for word in words(results)} == {"submitted", "unchanged"}
    assert await written(office) == 50


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"patient_id": "no uuid"}, ["patient_id"]),
        ({"reference": "line\nbreak"}, ["reference"]),
        ({"reference": 7, "topic": "gossip"}, ["reference", "topic"]),
        ({"text": "what it says"}, ["text"]),
    ],
)
async def test_each_row_says_what_is_wrong_with_it(
    system: System, patient: Patient, wrong: dict[str, object], fields: list[str]
) -> None:
    [found] = await system.results({**row(patient, "visit-7"), **wrong})

    assert found["result"] == "row_invalid"
    assert sorted(error["field"] for error in found["errors"]) == fields
    assert found["reference"] == (None if "reference" in wrong else "visit-7")


@pytest.mark.parametrize("nothing", [None, 7, "visit-7", ["visit-7"]])
async def test_a_row_that_is_no_object_takes_no_other_along(
    system: System, patient: Patient, nothing: object
) -> None:
    found, other = await system.results(nothing, row(patient, "visit-8"))

    assert (found["result"], found["reference"]) == ("row_invalid", None)
    assert [error["field"] for error in found["errors"]] == [""]
    assert other["result"] == "submitted"


async def test_a_thousand_and_one_are_too_many_and_none_is_too_few(
    system: System, patient: Patient
) -> None:
    assert (await system.sends(*[row(patient, "r")] * (MOST + 1))).refused()[0] in (400, 413)
    assert (await system.sends()).refused() == (400, "body_invalid")


async def test_the_largest_call_of_the_longest_rows_is_read(
    system: System, patient: Patient
) -> None:
    rows = [row(patient, f"{number:0>100}", topic="health-record") for number in range(MOST)]

    assert set(words(await system.results(*rows))) == {"submitted"}


async def test_every_communication_has_its_row_in_the_audit(
    office: Office, system: System, patient: Patient
) -> None:
    await system.results(row(patient, "visit-7"))

    await system.results(row(patient, "visit-7", topic="statement"), row(patient, "visit-8"))

    rows = await office.rows("SELECT action, outcome, detail FROM audit_entries ORDER BY at, id")
    assert sorted(tuple(each) for each in rows) == [
        ("communication.submitted", "done", "message"),
        ("communication.submitted", "done", "message"),
        ("communication.submitted", "refused", "reference_reused"),
        ("communications.submitted", "done", "1 submitted"),
        ("communications.submitted", "done", "1 submitted"),
    ]


@pytest.mark.proves("ST-1")
async def test_each_row_counts_on_the_client_s_budget(system: System, patient: Patient) -> None:
    answer = await system.sends(*(row(patient, f"visit-{number}") for number in range(7)))

    policy, left = answer.headers["RateLimit-Policy"], answer.headers["RateLimit"]
    most = int(policy.partition("q=")[2].partition(";")[0])
    assert f";r={most - 7};" in left


async def test_another_practice_may_use_the_same_references(
    office: Office, issuer: Issuer, system: System, patient: Patient
) -> None:
    other = System(
        office, await issuer.client_token(PracticeId(UUID(int=5)), "communications:write")
    )

    results = [await each.results(row(patient, "visit-7")) for each in (system, other)]

    assert [words(each) for each in results] == [["submitted"], ["submitted"]]


async def test_each_is_mailed_once(office: Office, system: System, patient: Patient) -> None:
    await file_communications(office)
    await system.results(row(patient, "visit-7"), row(patient, "visit-8"))
    await system.results(row(patient, "visit-7"))

    await office.file_submitted()
    await office.send_all()

    assert len(await patient.mails()) == 2
