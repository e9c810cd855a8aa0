"""A person asks a practice to be enrolled, and the practice decides (EN-4)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from services.identity.requests.model import KEPT, LIFE, MOST_CONTACTS
from tests.builders.practices import (
    BIRTH_DATE,
    LAST_NAME,
    PracticeDesk,
    ask,
    postman_beside,
    practice_desk,
    proven,
)
from tests.rigs.identity import Identity

pytestmark = pytest.mark.proves("EN-4")

TICK = timedelta(microseconds=1)


@pytest_asyncio.fixture
async def desk(identity: Identity) -> AsyncIterator[PracticeDesk]:
    async with postman_beside(identity):
        desk = await practice_desk(identity)
        await desk.change_settings(takes_requests=True)
        yield desk


async def pending(desk: PracticeDesk) -> list[Any]:
    answer = await desk.call("/practice/enrolment-requests", method="GET")
    assert answer.status == 200, answer.body
    return list(answer.body["requests"])


async def told(desk: PracticeDesk, what: str) -> list[list[str]]:
    """To whom events of this kind go, in order."""
    return [data["recipients"] for data in await desk.identity.events(f"enrolment-request-{what}")]


async def test_only_practices_that_take_requests_are_listed_and_asked(desk: PracticeDesk) -> None:
    other = await practice_desk(desk.identity)

    listed = await desk.identity.call("GET", "/practices")

    [practice] = listed.body["practices"]
    assert practice["practice_id"] == desk.practice_id
    assert practice.keys() == {"practice_id", "name", "contact"}
    assert (await ask(other)).refused() == (409, "requests_not_taken")
    await desk.change_settings(takes_requests=False)
    assert (await desk.identity.call("GET", "/practices")).body == {"practices": []}
    assert (await ask(desk)).refused() == (409, "requests_not_taken")


async def test_a_second_request_of_one_person_is_the_first_with_both_contacts(
    desk: PracticeDesk,
) -> None:
    first = await ask(desk, last_name="Müller")
    again = await ask(
        desk,
        last_name="MUELLER",
        first_name="María",
        home_phone="555 0199",
        email="other@mail.example",
    )
    same = await ask(desk, last_name="Muller")

    assert first.alike() == again.alike() == same.alike()
    assert first.body == {"state": "pending_approval"}
    [request] = await pending(desk)
    read = (await desk.read_request(request["request_id"])).body
    assert [contact["home_phone"] for contact in read["contacts"]] == ["+1 555 0123", "555 0199"]
    assert await told(desk, "submitted") == [
        ["maria@mail.example"],
        ["other@mail.example"],
        ["maria@mail.example"],
    ]


@pytest.mark.parametrize(
    "other",
    [{"last_name": "Lopez"}, {"first_name": "Marta"}, {"birth_date": "1984-05-04"}],
    ids=lambda other: next(iter(other)),
)
async def test_who_differs_in_one_of_the_three_is_another_person(
    desk: PracticeDesk, other: dict[str, str]
) -> None:
    await ask(desk)
    await ask(desk, **other)

    assert len(await pending(desk)) == 2


async def test_of_64_at_once_of_one_person_there_is_one_request(desk: PracticeDesk) -> None:
    answers = await asyncio.gather(
        *(
            ask(desk, home_phone=f"555 01{number:02}", email=None, no_email=True)
            for number in range(64)
        )
    )

    assert {answer.status for answer in answers} == {202}
    [request] = await pending(desk)
    read = (await desk.read_request(request["request_id"])).body
    assert len(read["contacts"]) == MOST_CONTACTS
    assert await told(desk, "submitted") == []


async def test_a_typed_address_gets_five_mails_an_hour_and_the_reply_stays_the_same(
    desk: PracticeDesk,
) -> None:
    answers = [await ask(desk, first_name=f"Child {number}") for number in range(6)]

    assert len({str(answer.alike()) for answer in answers}) == 1
    assert len(await told(desk, "submitted")) == 5
    desk.identity.clock.advance(hours=1)
    await ask(desk)
    assert len(await told(desk, "submitted")) == 6


async def test_a_request_is_pending_for_thirty_days_to_the_instant(desk: PracticeDesk) -> None:
    await ask(desk)
    [request] = await pending(desk)

    desk.identity.clock.advance(seconds=(LIFE - TICK).total_seconds())
    assert [one["request_id"] for one in await pending(await desk.renewed())] == [
        request["request_id"]
    ]
    desk.identity.clock.advance(seconds=TICK.total_seconds())
    renewed = await desk.renewed()

    assert await pending(renewed) == []
    assert (await renewed.read_request(request["request_id"])).body["state"] == "expired"
    assert (await renewed.approve(request["request_id"])).refused() == (409, "request_not_pending")
    await ask(renewed)
    [anew] = await pending(renewed)
    assert anew["request_id"] != request["request_id"]


async def test_what_nobody_asks_for_any_more_is_deleted(desk: PracticeDesk) -> None:
    await ask(desk)
    sweeper = desk.identity.loop("request-sweeper")

    desk.identity.clock.advance(seconds=(LIFE + KEPT - TICK).total_seconds())
    await sweeper.once()
    assert await desk.identity.rows("SELECT FROM enrolment_request_contacts")
    desk.identity.clock.advance(seconds=TICK.total_seconds())
    await sweeper.once()

    assert not await desk.identity.rows("SELECT FROM enrolment_requests")
    assert not await desk.identity.rows("SELECT FROM enrolment_request_contacts")


@pytest.mark.proves("EN-3")
async def test_who_is_approved_enrols_by_the_link_and_the_phone_that_she_typed(
    desk: PracticeDesk,
) -> None:
    async with postman_beside(desk.identity) as postman:
        await ask(desk, email="stranger@mail.example")
        request_id = await desk.a_request(locale="es-US")

        approved = await desk.approve(request_id, mail_to=2)

        assert approved.status == 200, approved.body
        assert await told(desk, "approved") == [["maria@mail.example"]]
        record = await desk.read(approved.body["patient_id"])
        assert (record["home_phone"], record["email"]) == ("+1 555 0123", "maria@mail.example")
        [link] = await postman.invitations("enrolment-request-approved")
        said = {"invitation": link, "birth_date": BIRTH_DATE, "home_phone": "555 0123"}
        assert (await proven(desk.identity, said)).status == 200


async def test_without_a_mail_the_practice_hands_out_a_token(desk: PracticeDesk) -> None:
    request_id = await desk.a_request(email=None, no_email=True)

    assert (await desk.approve(request_id, mail_to=1)).refused() == (422, "contact_unknown")
    approved = await desk.approve(request_id)

    assert approved.body["invitation_expires_at"] is None
    token = (await desk.issue(approved.body["patient_id"])).body["token"]
    said = {"token": token, "birth_date": BIRTH_DATE, "last_name": LAST_NAME}
    assert (await proven(desk.identity, said)).status == 200
    assert await told(desk, "approved") == []


async def test_rejection_tells_every_address_and_never_the_reason(desk: PracticeDesk) -> None:
    await ask(desk, email="first@mail.example")
    request_id = await desk.a_request()

    assert (await desk.reject(request_id)).status == 204

    assert sorted(await told(desk, "rejected")) == [["first@mail.example"], ["maria@mail.example"]]
    assert "lives elsewhere" not in str(await desk.identity.events("enrolment-request-rejected"))
    [row] = await desk.identity.rows(
        "SELECT staff, reason FROM audit_entries WHERE action = 'enrolment-request.reject'"
    )
    assert (row["staff"], row["reason"]) == ("nurse-7", "lives elsewhere")


async def test_rejections_count_on_what_a_typed_address_may_get(desk: PracticeDesk) -> None:
    for number in range(3):
        await ask(desk, first_name=f"Child {number}")

    for request in await pending(desk):
        assert (await desk.reject(request["request_id"])).status == 204

    assert (len(await told(desk, "submitted")), len(await told(desk, "rejected"))) == (3, 2)


async def test_a_rejection_is_mailed_once_to_an_address_however_it_was_typed(
    desk: PracticeDesk,
) -> None:
    await ask(desk, email="Maria@MAIL.example")
    request_id = await desk.a_request()

    assert (await desk.reject(request_id)).status == 204

    assert len(await told(desk, "rejected")) == 1


async def test_of_approval_and_rejection_at_once_one_decides(desk: PracticeDesk) -> None:
    request_id = await desk.a_request()

    answers = await asyncio.gather(
        *(
            desk.approve(request_id, mail_to=1) if number % 2 else desk.reject(request_id)
            for number in range(32)
        )
    )

    assert [answer.refused() for answer in answers if answer.status >= 400] == [
        (409, "request_not_pending")
    ] * 31
    assert len(await told(desk, "approved")) + len(await told(desk, "rejected")) == 1


async def test_a_refused_approval_leaves_the_request_pending(desk: PracticeDesk) -> None:
    request_id = await desk.a_request()
    enrolled = await desk.enrolled()

    refused = await desk.approve(request_id, patient_id=enrolled, mail_to=1)

    assert refused.refused() == (409, "patient_enrolled")
    assert len(await pending(desk)) == 1
    assert await told(desk, "approved") == []


async def test_pending_requests_are_paged_oldest_first(
    desk: PracticeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.identity.requests.decisions.PAGE", 2)
    monkeypatch.setattr("services.identity.requests.api.decisions.PAGE", 2)
    for number in range(3):
        await ask(desk, first_name=f"Child {number}", email=None, no_email=True)
        desk.identity.clock.advance(seconds=1)

    first = await desk.call("/practice/enrolment-requests", method="GET")
    path = f"/practice/enrolment-requests?after={first.body['next']}"
    second = await desk.call(path, method="GET")

    names = [one["first_name"] for one in (*first.body["requests"], *second.body["requests"])]
    assert names == ["Child 0", "Child 1", "Child 2"]
    assert "next" not in second.body


@pytest.mark.proves("ST-1")
async def test_a_client_that_may_register_nobody_approves_for_records_alone(
    desk: PracticeDesk,
) -> None:
    request_id = await desk.a_request()
    patient_id = await desk.a_patient(number="P-7")
    narrow = await desk.identity.client_token(*desk.client, scope="tokens:write")
    clerk = replace(desk, access_token=narrow.body["access_token"])

    assert (await clerk.approve(request_id)).refused() == (403, "forbidden_scope")
    assert (await clerk.approve(request_id, patient_id=patient_id, mail_to=1)).status == 200
