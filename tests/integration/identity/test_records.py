"""A practice finds its own records, and reads how things stand with a patient (ST-1)."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.builders.merges import Registry
from tests.builders.practices import PracticeDesk, practice_desk
from tests.builders.two_step import code_of, confirm, set_up
from tests.rigs.identity import Identity

BUDGETS = {"reads": 10_000, "records": 5000, "tokens": 2000, "un-enrolments": 500, "unlocks": 20}
pytestmark = pytest.mark.proves("ST-1")
NAME = "maria.garcia"
WRONG = "Wrong-Guess-1234"


async def found(desk: PracticeDesk, **sought: Any) -> Sequence[str]:
    answer = await desk.call("/practice/patients/search", sought)
    assert answer.status == 200, answer.body
    return [each["patient_id"] for each in answer.body["patients"]]


async def test_a_record_is_read_with_how_things_stand_and_nothing_else(desk: PracticeDesk) -> None:
    patient_id = await desk.a_patient(home_phone="+1 555 0123", number="P-1")
    issued = await desk.issue(patient_id)

    read = await desk.read(patient_id)

    assert read == {
        "patient_id": patient_id,
        "version": 1,
        "number": "P-1",
        "last_name": "García-Lopez",
        "first_name": "Maria",
        "birth_date": "1984-05-03",
        "home_phone": "+1 555 0123",
        "address": None,
        "email": None,
        "account": False,
        "enrolled": False,
        "token_until": issued.body["expires_at"],
        "locked": False,
        "frozen": False,
        "two_step_on": False,
        "email_waived": False,
    }
    desk.identity.clock.advance(hours=72)
    assert (await (await desk.renewed()).read(patient_id))["token_until"] is None


async def test_a_lock_is_seen_by_who_enrols_her_while_it_lasts(desk: PracticeDesk) -> None:
    patient_id = await desk.enrolled()
    for _ in range(4):
        await desk.identity.log_on(NAME, WRONG)

    locked = await desk.read(patient_id)
    await desk.un_enrol(patient_id)
    gone = await desk.read(patient_id)
    await desk.reactivate(patient_id)
    await desk.unlock(patient_id)
    open_again = await desk.read(patient_id)

    assert [read["locked"] for read in (locked, gone, open_again)] == [True, False, False]
    assert [read["enrolled"] for read in (locked, gone, open_again)] == [True, False, True]
    assert {read["account"] for read in (locked, gone, open_again)} == {True}


async def test_whether_two_step_is_on_is_seen(desk: PracticeDesk) -> None:
    patient_id, identity = await desk.enrolled(), desk.identity
    before = await desk.read(patient_id)
    token = str((await identity.log_on(NAME)).body["access_token"])
    secret = (await set_up(identity, token)).body["secret"]
    assert (await confirm(identity, token, code_of(secret, identity.clock.now()))).status == 200

    assert (before["two_step_on"], (await desk.read(patient_id))["two_step_on"]) == (False, True)


async def test_a_password_that_is_disabled_is_seen_as_a_lock(desk: PracticeDesk) -> None:
    patient_id = await desk.enrolled()
    await desk.identity.log_on(NAME, WRONG)
    await desk.identity.rows("UPDATE lockouts SET wrong_in_a_row = 100")

    assert (await desk.read(patient_id))["locked"] is True


async def test_after_a_merge_the_survivor_stands_for_the_record(registry: Registry) -> None:
    _, absorbed = await registry.merged()
    one, other = registry.desks
    patient_id = registry.patients_of[absorbed.username]

    read = await other.read(patient_id)

    assert (read["account"], read["enrolled"], read["version"]) == (True, True, 3)
    assert (await one.call(f"/practice/patients/{patient_id}", method="GET")).status == 404


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Müller", "muller"),
        ("Müller", "MUELLER"),
        ("Mueller", "Müller"),
        ("O’Brien Jr.", "obrien"),
        ("García-Lopez", "Garcia Lopez"),
    ],
)
async def test_a_last_name_is_found_as_enrolling_compares_it(
    desk: PracticeDesk, written: str, said: str
) -> None:
    patient_id = await desk.a_patient(last_name=written)
    await desk.a_patient(last_name="Hale")

    assert await found(desk, last_name=said) == [patient_id]
    assert await found(desk, last_name=said, birth_date="1984-05-03") == [patient_id]
    assert await found(desk, last_name=said, birth_date="1984-05-04") == []


async def test_a_patient_is_found_by_what_else_is_known_and_by_its_own_practice_alone(
    identity: Identity, desk: PracticeDesk
) -> None:
    patient_id = await desk.a_patient(number="P-1", birth_date="1990-01-31")
    other = await practice_desk(identity)
    theirs = await other.a_patient(number="P-1", birth_date="1990-01-31")

    for sought in ({"number": "P-1"}, {"birth_date": "1990-01-31"}, {"last_name": "garcia lopez"}):
        assert await found(desk, **sought) == [patient_id]
        assert await found(other, **sought) == [theirs]
    assert await found(desk, number="P-2") == []


@pytest.mark.parametrize(
    ("sought", "fields", "refusal"),
    [
        ({}, {"last_name"}, (400, "body_invalid")),
        ({"number": "P-1", "last_name": "Hale"}, {"number"}, (400, "body_invalid")),
        ({"first_name": "Maria"}, {"first_name"}, (400, "body_invalid")),
        ({"birth_date": "1984-02-30"}, {"birth_date"}, (422, "birth_date_impossible")),
    ],
)
async def test_a_search_for_anything_and_one_in_two_ways_are_refused(
    desk: PracticeDesk, sought: dict[str, Any], fields: set[str], refusal: tuple[int, str]
) -> None:
    answer = await desk.call("/practice/patients/search", sought)

    assert answer.refused() == refusal
    assert {error["field"] for error in answer.body["errors"]} == fields


@pytest.mark.parametrize("sought", [{"last_name": "Garcia Lopez"}, {"birth_date": "1984-05-03"}])
async def test_pages_have_everybody_once(desk: PracticeDesk, sought: dict[str, str]) -> None:
    everybody = sorted([await desk.a_patient() for _ in range(51)])

    first = await desk.call("/practice/patients/search", sought)
    rest = await desk.call("/practice/patients/search", {**sought, "after": first.body["next"]})

    ids = [each["patient_id"] for page in (first, rest) for each in page.body["patients"]]
    assert ids == everybody
    assert len(first.body["patients"]) == 50
    assert "next" not in rest.body


async def test_what_an_older_release_registers_is_found_after_a_round(desk: PracticeDesk) -> None:
    patient_id = await desk.a_patient()
    await desk.identity.rows("DELETE FROM patient_names")
    await desk.identity.rows("UPDATE patients SET named = false")
    assert await found(desk, last_name="Garcia Lopez") == []

    await desk.identity.loop("patient-names").once()

    assert await found(desk, last_name="Garcia Lopez") == [patient_id]


@pytest.mark.proves("AU-1")
async def test_a_search_is_on_record_without_what_was_sought(desk: PracticeDesk) -> None:
    await found(desk, last_name="Garcia Lopez")

    [row] = await desk.identity.rows("SELECT * FROM audit_entries WHERE action = 'patient.find'")
    assert (row["client"], row["practice"]) == (desk.client[0], desk.practice_id)
    assert "arcia" not in str(tuple(row))


async def test_a_client_reads_who_it_is(identity: Identity, desk: PracticeDesk) -> None:
    narrow = await identity.client_token(*desk.client, scope="clients:read patients:read")

    answer = await identity.call("GET", "/practice/client", token=narrow.body["access_token"])

    assert answer.body == {
        "client_id": desk.client[0],
        "client_name": "Elm Street Practice",
        "role": "practice",
        "scopes": ["clients:read", "patients:read"],
        "practice_id": desk.practice_id,
        "practice_name": "Elm Street Practice",
        "practice_time_zone": "America/New_York",
        "budgets": [
            {"name": name, "most": most, "left": most, "more_in": 0}
            for name, most in BUDGETS.items()
        ],
    }
