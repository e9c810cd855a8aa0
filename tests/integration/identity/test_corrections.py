"""A practice corrects its record of a patient (ST-1, EN-5)."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from tests.builders.practices import (
    INVITABLE,
    Postman,
    PracticeDesk,
    add_practice,
    enrol,
    granted,
    practice_desk,
    proven,
    with_grant,
)
from tests.integration.identity.test_records import found
from tests.rigs.identity import PASSWORD, Identity
from tests.rigs.replica import Answer

pytestmark = pytest.mark.proves("ST-1")
UNFIT = (400, "body_invalid")


async def correct(
    desk: PracticeDesk, patient_id: str, *, version: int = 1, **changes: Any
) -> Answer:
    body = {"staff_id": "nurse-7", "reason": "was misspelt", "version": version, **changes}
    return await desk.call(f"/practice/patients/{patient_id}", body, method="PATCH")


async def test_what_is_corrected_is_told_and_the_rest_stays(desk: PracticeDesk) -> None:
    patient_id = await desk.a_patient(home_phone="+1 555 0123", address="12 Example Street")

    answer = await correct(desk, patient_id, last_name="Hale", home_phone=None)

    assert (answer.status, answer.body) == (200, {"version": 2})
    _, told = await desk.identity.events("person-changed")
    assert told == {
        "patient_id": patient_id,
        "practice_id": desk.practice_id,
        "account_id": None,
        "last_name": "Hale",
        "first_name": "Maria",
        "birth_date": "1984-05-03",
        "home_phone": None,
        "address": "12 Example Street",
    }
    read = await desk.read(patient_id)
    assert (read["version"], read["last_name"], read["home_phone"]) == (2, "Hale", None)
    assert await found(desk, last_name="hale") == [patient_id]
    assert await found(desk, last_name="Garcia Lopez") == []
    [row] = await desk.identity.rows(
        "SELECT detail, staff, reason FROM audit_entries WHERE action = 'patient.correct'"
    )
    assert tuple(row) == ("home_phone last_name", "nurse-7", "was misspelt")


async def test_of_two_corrections_of_one_version_one_is_done_and_both_can_be(
    desk: PracticeDesk,
) -> None:
    patient_id = await desk.a_patient()

    answers = await asyncio.gather(
        correct(desk, patient_id, first_name="Marta"), correct(desk, patient_id, last_name="Hale")
    )

    assert Counter(answer.code for answer in answers) == {"": 1, "patient_changed": 1}
    missed = {"first_name": "Marta"} if answers[0].code else {"last_name": "Hale"}
    assert (await correct(desk, patient_id, version=2, **missed)).body == {"version": 3}
    read = await desk.read(patient_id)
    assert (read["first_name"], read["last_name"]) == ("Marta", "Hale")


async def test_a_correction_that_changes_nothing_tells_nothing(desk: PracticeDesk) -> None:
    patient_id = await desk.a_patient()

    assert (await correct(desk, patient_id, first_name="Maria")).body == {"version": 1}
    assert len(await desk.identity.events("person-changed")) == 1


@pytest.mark.proves("AU-1")
async def test_what_was_named_and_is_as_it_was_stands_in_no_row(desk: PracticeDesk) -> None:
    """A system sends the whole record back: the row says what became another."""
    patient_id = await desk.a_patient(home_phone="+1 555 0123")
    whole: dict[str, Any] = {
        "first_name": "Maria",
        "birth_date": "1984-05-03",
        "home_phone": "+1 555 0124",
    }

    await correct(desk, patient_id, **whole)
    await correct(desk, patient_id, version=2, **whole)

    rows = await desk.identity.rows(
        "SELECT detail FROM audit_entries WHERE action = 'patient.correct'"
    )
    assert {row["detail"] for row in rows} == {"home_phone", None}


async def test_an_enrolment_between_reading_and_correcting_is_seen_first(
    desk: PracticeDesk,
) -> None:
    patient_id = await desk.enrolled()

    assert (await correct(desk, patient_id, first_name="Marta")).code == "patient_changed"
    assert (await correct(desk, patient_id, version=2, first_name="Marta")).status == 200
    *_, told = await desk.identity.events("person-changed")
    assert told["account_id"] is not None


@pytest.mark.proves("EN-1")
async def test_a_token_fits_who_the_record_is_of_as_corrected(desk: PracticeDesk) -> None:
    patient_id = await desk.a_patient(last_name="Gracia")
    token = (await desk.issue(patient_id)).body["token"]
    assert (await enrol(desk.identity, token)).code == "token_invalid"

    await correct(desk, patient_id, last_name="García-Lopez")

    assert (await enrol(desk.identity, token)).status == 201


@pytest.mark.proves("EN-1", "EN-5")
async def test_who_proved_a_record_before_it_was_corrected_has_proven_another_one(
    desk: PracticeDesk,
) -> None:
    await desk.enrolled()
    patient_id = await desk.a_patient()
    token = (await desk.issue(patient_id)).body["token"]
    grant = await granted(desk.identity, token)

    await correct(desk, patient_id, last_name="Hale", birth_date="1990-01-31")

    enrolled = await desk.identity.call("POST", "/enrolments", with_grant(grant, username="june.h"))
    said = {"grant": grant, "name": "maria.garcia", "password": PASSWORD}
    added = await desk.identity.call("POST", "/enrolments/existing-account", said)
    assert [enrolled.code, added.code] == ["token_invalid", "token_invalid"]
    right = {"last_name": "Hale", "birth_date": "1990-01-31", "username": "june.hale"}
    assert (await enrol(desk.identity, token, **right)).status == 201


@pytest.mark.proves("EN-5")
async def test_after_a_mismatch_the_corrected_record_is_added_by_the_same_token(
    identity: Identity, desk: PracticeDesk
) -> None:
    await desk.enrolled()
    other = await practice_desk(identity)
    patient_id = await other.a_patient(birth_date="1984-05-30")
    token = (await other.issue(patient_id)).body["token"]
    assert (await add_practice(identity, token)).code == "person_mismatch"

    await correct(other, patient_id, birth_date="1984-05-03")

    assert (await add_practice(identity, token)).status == 201


@pytest.mark.proves("EN-3")
async def test_an_invitation_to_an_address_that_is_corrected_opens_nothing(
    desk: PracticeDesk, postman: Postman
) -> None:
    patient_id = await desk.a_patient(**INVITABLE)
    invited = []
    for _ in range(2):
        await desk.invite(patient_id)
        invited.append((await postman.invitations())[-1])
        version = (await desk.read(patient_id))["version"]
        await correct(desk, patient_id, version=version, address=f"{version} Elm Street")
        assert (await use(desk, invited[-1])).status == 200

    await correct(desk, patient_id, version=3, email="maria.garcia@mail.example")

    assert (await use(desk, invited[-1])).code == "invitation_invalid"


async def use(desk: PracticeDesk, invitation: str | None) -> Answer:
    return await proven(desk.identity, {"invitation": invitation, "number": "P-1"})


@pytest.mark.parametrize(
    ("changes", "field", "refusal"),
    [
        ({}, "last_name", UNFIT),
        ({"last_name": None}, "last_name", UNFIT),
        ({"first_name": ""}, "first_name", UNFIT),
        ({"birth_date": "1984-02-30"}, "birth_date", (422, "birth_date_impossible")),
        ({"version": 0, "first_name": "Marta"}, "version", UNFIT),
        ({"number": "P-2"}, "number", UNFIT),
    ],
)
async def test_a_wrong_field_is_named(
    desk: PracticeDesk, changes: dict[str, Any], field: str, refusal: tuple[int, str]
) -> None:
    answer = await correct(desk, await desk.a_patient(), **changes)

    assert answer.refused() == refusal
    assert [error["field"] for error in answer.body["errors"]] == [field]
