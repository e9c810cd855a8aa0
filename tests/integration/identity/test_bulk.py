"""EN-6: up to a thousand patients in a call, a result for each, nothing done twice."""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from tests.builders.practices import INVITABLE, Postman, PracticeDesk, enrol, practice_desk
from tests.rigs.identity import Identity
from tests.rigs.replica import Answer

pytestmark = pytest.mark.proves("EN-6")


def row(number: int, **said: Any) -> dict[str, Any]:
    return {
        "number": f"P-{number}",
        "last_name": "Hale",
        "first_name": "Juniper",
        "birth_date": "1988-04-17",
        **said,
    }


def invited(number: int, **said: Any) -> dict[str, Any]:
    return row(number, email=f"p{number}@mail.example", invite=True, **said)


async def submit(desk: PracticeDesk, *rows: dict[str, Any]) -> Answer:
    said = {"patients": list(rows), "staff_id": "nurse-7", "reason": "moved to the portal"}
    return await desk.call("/practice/patients/bulk", said)


def told(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.body
    return [one["result"] for one in answer.body["results"]]


def invitations(answer: Answer) -> list[str | None]:
    return [one.get("invitation") for one in answer.body["results"]]


async def test_one_bad_row_of_a_thousand_leaves_the_others(
    desk: PracticeDesk, identity: Identity
) -> None:
    rows = [row(number) for number in range(1000)]
    rows[500]["birth_date"] = "1988-02-30"

    answer = await submit(desk, *rows)

    assert Counter(told(answer)) == {"registered": 999, "birth_date_impossible": 1}
    assert answer.body["results"][500] == {
        "number": "P-500",
        "result": "birth_date_impossible",
        "errors": [
            {
                "field": "birth_date",
                "code": "birth_date_impossible",
                "detail": "not in the expected format",
            }
        ],
    }
    kept = await identity.rows("SELECT number FROM patients WHERE number LIKE 'P-%'")
    assert {one["number"] for one in kept} == {f"P-{n}" for n in range(1000) if n != 500}


async def test_the_same_call_again_changes_nothing_and_invites_nobody_twice(
    desk: PracticeDesk, postman: Postman, identity: Identity
) -> None:
    rows = [invited(1), row(2), invited(3, home_phone="+1 555 0123")]

    first = await submit(desk, *rows)
    before = await identity.rows("SELECT * FROM patients ORDER BY id")
    again = await submit(desk, *rows)

    assert told(first) == ["registered"] * 3
    assert told(again) == ["unchanged"] * 3
    assert invitations(first) == ["sent", None, "sent"]
    assert invitations(again) == ["sent_before", None, "sent_before"]
    ids = [[one["patient_id"] for one in each.body["results"]] for each in (first, again)]
    assert ids[0] == ids[1]
    assert await identity.rows("SELECT * FROM patients ORDER BY id") == before
    assert len(await postman.invitations()) == 2


async def test_of_ten_at_once_over_two_replicas_one_registers_each_and_invites_each(
    desk: PracticeDesk, postman: Postman, identity: Identity, second: Identity
) -> None:
    rows = [invited(number) for number in range(40)]
    beside = replace(desk, identity=second)

    answers = await asyncio.gather(
        *(submit(beside, *rows) if n % 2 else submit(desk, *reversed(rows)) for n in range(10))
    )

    results: Counter[str] = Counter()
    for answer in answers:
        results += Counter(told(answer)) + Counter(map(str, invitations(answer)))
    assert results == {"registered": 40, "unchanged": 360, "sent": 40, "sent_before": 360}
    assert len(await postman.invitations()) == 40
    assert len(await identity.events("person-changed")) == 40


async def test_a_number_with_another_content_says_so_and_changes_nothing(
    desk: PracticeDesk, postman: Postman, identity: Identity
) -> None:
    first = await submit(desk, row(1), row(2))

    answer = await submit(
        desk, row(1, first_name="June", address="1 Elm Road", invite=True), row(2), row(2)
    )

    assert told(answer) == ["patient_number_taken", "unchanged", "unchanged"]
    assert answer.body["results"][0] == {
        "number": "P-1",
        "result": "patient_number_taken",
        "patient_id": first.body["results"][0]["patient_id"],
        "differs": ["first_name", "address"],
    }
    assert await postman.invitations() == []
    [kept] = await identity.rows("SELECT first_name, address FROM patients WHERE number = 'P-1'")
    assert (kept["first_name"], kept["address"]) == ("Juniper", None)


async def test_a_number_twice_in_a_call_is_one_record(desk: PracticeDesk) -> None:
    answer = await submit(desk, row(1), row(1), row(1, last_name="Garcia"))

    assert sorted(told(answer)) == ["patient_number_taken", "registered", "unchanged"]


async def test_who_cannot_be_invited_is_registered_and_said(
    desk: PracticeDesk, postman: Postman, identity: Identity
) -> None:
    enrolled = await desk.a_patient(**INVITABLE, last_name="Hale", first_name="Juniper")
    token = (await desk.issue(enrolled)).body["token"]
    assert (await enrol(identity, token, last_name="Hale")).status == 201
    same = {**INVITABLE, "last_name": "Hale", "first_name": "Juniper", "birth_date": "1984-05-03"}

    answer = await submit(desk, row(2, invite=True), {**same, "invite": True})

    assert told(answer) == ["registered", "unchanged"]
    assert invitations(answer) == ["patient_without_email", "patient_enrolled"]
    assert await postman.invitations() == []


async def test_each_row_says_what_is_wrong_with_it(desk: PracticeDesk) -> None:
    nameless = row(1)
    del nameless["last_name"]

    answer = await submit(
        desk,
        nameless,
        row(2, nickname="June"),
        row(3, last_name="---"),
        row(4, birth_date="2999-01-01"),
        {"number": 5},
    )

    rows = answer.body["results"]
    assert [(one["number"], one["result"]) for one in rows] == [
        ("P-1", "row_invalid"),
        ("P-2", "row_invalid"),
        ("P-3", "name_incomparable"),
        ("P-4", "birth_date_in_future"),
        (None, "row_invalid"),
    ]
    assert [(one["errors"][0]["field"], one["errors"][0]["code"]) for one in rows] == [
        ("last_name", "field_missing"),
        ("nickname", "field_unknown"),
        ("last_name", "name_incomparable"),
        ("birth_date", "birth_date_in_future"),
        ("number", "field_wrong_type"),
    ]


@pytest.mark.parametrize("no_row", [None, 7, "P-2,Hale,June", [row(2)], {}])
async def test_a_row_that_is_no_object_takes_none_along(desk: PracticeDesk, no_row: object) -> None:
    answer = await desk.call(
        "/practice/patients/bulk",
        {"patients": [row(1), no_row, row(3)], "staff_id": "nurse-7", "reason": "moved here"},
    )

    assert told(answer) == ["registered", "row_invalid", "registered"]
    assert answer.body["results"][1]["number"] is None
    assert answer.body["results"][1]["errors"][0]["code"] in ("field_wrong_type", "field_missing")


async def test_of_one_number_twice_the_first_row_has_the_invitation(
    desk: PracticeDesk, postman: Postman
) -> None:
    answer = await submit(
        desk, row(1, email="p1@mail.example"), invited(1), invited(1), invited(1, first_name="J.")
    )

    assert told(answer) == ["registered", "unchanged", "unchanged", "patient_number_taken"]
    assert invitations(answer) == [None, "sent", "sent_before", None]
    assert len(await postman.invitations()) == 1


async def test_a_thousand_and_one_are_too_many(desk: PracticeDesk) -> None:
    answer = await submit(desk, *(row(number) for number in range(1001)))

    assert (answer.status, answer.body["errors"][0]["field"]) == (400, "patients")


async def test_another_practice_may_have_the_same_number(desk: PracticeDesk) -> None:
    assert told(await submit(desk, row(1))) == ["registered"]

    another = await practice_desk(desk.identity)
    assert told(await submit(another, row(1, last_name="Garcia"))) == ["registered"]


async def test_every_record_has_its_row_in_the_audit(
    desk: PracticeDesk, postman: Postman, identity: Identity
) -> None:
    await submit(desk, invited(1), row(2), row(3, last_name="---"))

    rows = await identity.rows(
        "SELECT action, outcome, detail, staff FROM audit_entries WHERE staff = 'nurse-7'"
    )
    assert sorted((one["action"], one["outcome"], one["detail"]) for one in rows) == [
        ("invitation.send", "done", None),
        ("patient.register", "done", None),
        ("patient.register", "done", None),
        ("patient.register", "refused", "name_incomparable"),
        ("patients.register", "done", "2 registered, 1 invited"),
    ]


async def test_who_may_not_invite_is_told_so_and_nothing_is_registered(
    desk: PracticeDesk, identity: Identity
) -> None:
    narrow = await identity.client_token(*desk.client, scope="patients:write")

    answer = await submit(replace(desk, access_token=narrow.body["access_token"]), invited(1))

    assert (answer.status, answer.code) == (403, "forbidden_scope")
    assert await identity.rows("SELECT FROM patients WHERE number = 'P-1'") == []
    [refused] = await identity.rows("SELECT * FROM audit_entries WHERE outcome = 'refused'")
    assert (refused["action"], refused["detail"]) == ("patients.register", "forbidden_scope")
