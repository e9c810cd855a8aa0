"""A practice registers patients, and only its own."""

import pytest

from tests.builders.practices import PracticeDesk, practice_desk
from tests.rigs.identity import Identity


@pytest.mark.proves("ST-1")
async def test_a_registered_patient_is_told_to_those_who_match_people(desk: PracticeDesk) -> None:
    answer = await desk.register(home_phone="+1 555 0123", number="P-1")

    assert answer.status == 201
    [person] = await desk.identity.events("person-changed")
    assert person == {
        "patient_id": answer.body["patient_id"],
        "practice_id": desk.practice_id,
        "account_id": None,
        "last_name": "García-Lopez",
        "first_name": "Maria",
        "birth_date": "1984-05-03",
        "home_phone": "+1 555 0123",
        "address": None,
    }


async def test_a_key_is_of_the_practice_that_used_it(
    identity: Identity, desk: PracticeDesk
) -> None:
    other = await practice_desk(identity)

    answers = [await one.register(key="a-key-of-mine") for one in (desk, other)]

    assert [answer.status for answer in answers] == [201, 201]
    assert len({answer.body["patient_id"] for answer in answers}) == 2
    assert len(await identity.rows("SELECT FROM patients")) == 2


async def test_two_practices_may_use_one_person_number(
    identity: Identity, desk: PracticeDesk
) -> None:
    other = await practice_desk(identity)

    assert (await desk.register(number="P-1")).status == 201
    assert (await other.register(number="P-1")).status == 201


async def test_a_wrong_field_is_named(desk: PracticeDesk) -> None:
    for changes, field, code in (
        ({"last_name": " "}, "last_name", "body_invalid"),
        ({"last_name": "a\nb"}, "last_name", "body_invalid"),
        ({"first_name": "a\n"}, "first_name", "body_invalid"),
        ({"birth_date": "05/03/1984"}, "birth_date", "birth_date_impossible"),
        ({"nickname": "Mia"}, "nickname", "body_invalid"),
        ({"birth_date": "2031-03-06"}, "birth_date", "birth_date_in_future"),
        ({"last_name": "--"}, "last_name", "name_incomparable"),
        ({"last_name": "\u2019"}, "last_name", "name_incomparable"),
        ({"last_name": "\u2800"}, "last_name", "body_invalid"),
        ({"last_name": "Smith\u2028"}, "last_name", "body_invalid"),
        ({"last_name": "Smith\u202eJones"}, "last_name", "body_invalid"),
        ({"first_name": "Ma\u0085ria"}, "first_name", "body_invalid"),
        ({"first_name": "Ma\u200bria"}, "first_name", "body_invalid"),
        ({"home_phone": "+1 555\u2066 0100"}, "home_phone", "body_invalid"),
        ({"address": "Elm Street\ufeff 7"}, "address", "body_invalid"),
        ({"email": "maria@mail.example\r\n"}, "email", "body_invalid"),
        ({"number": "\u200c\u200d"}, "number", "body_invalid"),
    ):
        answer = await desk.register(**changes)

        assert answer.code == code
        assert [error["field"] for error in answer.body["errors"]] == [field]


@pytest.mark.parametrize(
    "name", ["علی\u200cزاده", "葛\U000e0100飾", "O\u2019Brien", "Müller-Lüdenscheidt"]
)
async def test_what_scripts_are_written_with_is_kept(desk: PracticeDesk, name: str) -> None:
    assert (await desk.register(last_name=name)).status == 201

    [person] = await desk.identity.events("person-changed")
    assert person["last_name"] == name


@pytest.mark.parametrize(
    ("zone", "hours", "born", "code"),
    [
        ("Pacific/Auckland", 3, "2031-03-06", ""),  # 01:00 of the 6th there, 12:00 of the 5th UTC
        ("Pacific/Auckland", 3, "2031-03-07", "birth_date_in_future"),
        ("America/New_York", 18, "2031-03-06", "birth_date_in_future"),  # 22:00 of the 5th there
        ("America/New_York", 18, "2031-03-05", ""),
    ],
)
async def test_today_is_the_practices(
    identity: Identity, zone: str, hours: int, born: str, code: str
) -> None:
    identity.clock.advance(hours=hours)
    desk = await practice_desk(identity)
    await identity.rows("UPDATE practices SET time_zone = $1", zone)

    assert (await desk.register(birth_date=born)).code == code
