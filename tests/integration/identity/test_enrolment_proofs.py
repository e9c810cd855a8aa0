"""EN-1, EN-8: a token is proven before anything is chosen, and a grant goes in its place."""

import asyncio
from collections import Counter
from datetime import date, datetime, timedelta

import pytest

from tests.builders.practices import (
    PracticeDesk,
    application,
    enrol,
    enrols,
    granted,
    practice_desk,
    prove,
    with_grant,
)
from tests.rigs.identity import PASSWORD, Identity

pytestmark = pytest.mark.proves("EN-1")
WRONG = {"birth_date": "1984-05-04"}


async def test_the_practice_is_named_and_the_grant_enrols_in_the_tokens_place(
    desk: PracticeDesk,
) -> None:
    proven = await prove(desk.identity, await desk.a_token())

    enrolled = await enrols(desk.identity, with_grant(proven.body["grant"]))

    assert proven.status == 200
    assert proven.body == {
        "practice_name": "Elm Street Practice",
        "grant": proven.body["grant"],
        "expires_in": 600,
    }
    assert [answer.status for answer in enrolled] == [201]
    assert (await desk.identity.log_on("maria.garcia")).status == 201


async def test_proving_uses_nothing_up_and_the_token_still_enrols(desk: PracticeDesk) -> None:
    token = await desk.a_token()

    proofs = [await prove(desk.identity, token) for _ in range(12)]

    assert {answer.status for answer in proofs} == {200}
    assert (await enrol(desk.identity, token)).status == 201


async def test_a_grant_lives_ten_minutes_and_no_longer_than_its_token(
    desk: PracticeDesk,
) -> None:
    clock = desk.identity.clock
    early, late = [await granted(desk.identity, await desk.a_token()) for _ in range(2)]
    short = await desk.a_token(handed_over="e-mail")

    clock.advance(minutes=9, seconds=59)
    in_time = await desk.identity.call("POST", "/enrolments", with_grant(early))
    clock.advance(seconds=1)
    over = await desk.identity.call("POST", "/enrolments", with_grant(late, username="maria.lopez"))
    clock.advance(hours=23, minutes=45)
    last = await prove(desk.identity, short)

    assert (in_time.status, over.status, over.code) == (201, 400, "grant_invalid")
    assert last.body["expires_in"] == 300


@pytest.mark.proves("V6.5.1")
async def test_a_newer_token_voids_the_grant_of_the_older(desk: PracticeDesk) -> None:
    patient_id = await desk.a_patient()
    older = await granted(desk.identity, (await desk.issue(patient_id)).body["token"])
    newer = await granted(desk.identity, (await desk.issue(patient_id)).body["token"])

    by_older = await desk.identity.call("POST", "/enrolments", with_grant(older))
    by_newer = await desk.identity.call("POST", "/enrolments", with_grant(newer))

    assert (by_older.code, by_newer.status) == ("token_invalid", 201)


@pytest.mark.proves("V2.3.4", "V6.5.1")
async def test_of_64_by_grants_and_token_at_once_one_enrols(
    identity: Identity, second: Identity, desk: PracticeDesk
) -> None:
    token = await desk.a_token()
    grants = [await granted(identity, token) for _ in range(2)]

    answers = await asyncio.gather(
        *(
            (identity, second)[number % 2].call(
                "POST",
                "/enrolments",
                application(token, username=f"racer.{number:02}")
                if number % 3 == 2
                else with_grant(grants[number % 3], username=f"racer.{number:02}"),
            )
            for number in range(64)
        )
    )

    assert Counter(answer.code for answer in answers) == {"": 1, "token_invalid": 63}
    assert len(await identity.rows("SELECT FROM accounts")) == 1


@pytest.mark.proves("V6.6.3")
async def test_tries_at_either_verb_count_alike_and_the_fifth_voids_token_and_grant(
    desk: PracticeDesk,
) -> None:
    token = await desk.a_token()
    grant = await granted(desk.identity, token)

    wrong = [await prove(desk.identity, token, **WRONG) for _ in range(2)]
    wrong += [await enrol(desk.identity, token, **WRONG) for _ in range(2)]
    wrong += [await prove(desk.identity, token, last_name="Thorne")]
    after = [await prove(desk.identity, token), await enrol(desk.identity, token)]
    after += await enrols(desk.identity, with_grant(grant))

    assert {(answer.status, answer.code) for answer in (*wrong, *after)} == {(422, "token_invalid")}
    assert len({repr(answer.alike()) for answer in (*wrong, *after)}) == 1


@pytest.mark.proves("V6.6.3", "V2.3.4")
async def test_of_64_guesses_at_once_five_are_compared(desk: PracticeDesk) -> None:
    token = await desk.a_token()
    days = [date(1984, 5, 4) + timedelta(days=number) for number in range(63)]

    answers = await asyncio.gather(
        *(prove(desk.identity, token, birth_date=day.isoformat()) for day in days),
        prove(desk.identity, token),
    )

    [row] = await desk.identity.rows("SELECT state, tries FROM one_time_secrets")
    assert tuple(row) == ("void", '{"wrong-person": 5}')
    assert {answer.code for answer in answers[:-1]} == {"token_invalid"}
    assert (await prove(desk.identity, token)).code == "token_invalid"


@pytest.mark.proves("ID-1")
async def test_by_grant_a_taken_username_is_told_ten_times_as_well(
    identity: Identity, desk: PracticeDesk
) -> None:
    await identity.an_account("maria.garcia")
    grant = await granted(identity, await desk.a_token())

    answers = await enrols(identity, *[with_grant(grant)] * 16)

    assert Counter(answer.code for answer in answers) == {"username_taken": 10, "token_invalid": 6}


@pytest.mark.proves("EN-5")
async def test_a_grant_adds_the_practice_to_the_account_one_has(
    identity: Identity, desk: PracticeDesk
) -> None:
    await desk.enrolled()
    elm = await practice_desk(identity)
    grant = await granted(identity, await elm.a_token())
    body = {"grant": grant, "name": "maria.garcia", "password": PASSWORD}

    wrong = {**body, "password": "Wrong-Guess-1234"}
    unproven = await identity.call("POST", "/enrolments/existing-account", wrong)
    added = await identity.call("POST", "/enrolments/existing-account", body)
    again = await identity.call("POST", "/enrolments/existing-account", body)

    assert [unproven.code, added.status, again.code] == [
        "invalid_credentials",
        201,
        "already_enrolled",
    ]


@pytest.mark.parametrize(
    ("said", "errors"),
    [
        ({}, {"token": "field_missing", "birth_date": "field_missing"}),
        ({"grant": "x.y.z", "token": "A"}, {"birth_date": "field_missing"}),
        ({"grant": "x.y.z", "birth_date": "1984-05-03"}, {"token": "field_missing"}),
    ],
)
async def test_token_and_person_or_a_grant_and_never_both(
    desk: PracticeDesk, said: dict[str, str], errors: dict[str, str]
) -> None:
    body = {**with_grant(""), **said}
    if "grant" not in said:
        del body["grant"]

    answer = await desk.identity.call("POST", "/enrolments", body)

    told = {error["field"]: error["code"] for error in answer.body["errors"]}
    assert answer.code == "body_invalid"
    assert errors.items() <= told.items()


# ---- names and dates as people write them


@pytest.mark.parametrize(
    ("record", "typed"),
    [
        ("O\u2019Brien", "OBrien"),
        ("O'Brien", "o\u02bcbrien"),
        ("D\u2019Angelo", "d angelo"),
        ("Smith-Jones", "Smith Jones"),
        ("Smith\u2010Jones", "smith\u2013jones"),
        ("García", "Garcia"),
        ("Garcia", "GARCI\u0301A"),
        ("Müller", "Mueller"),
        ("Mueller", "Müller"),
        ("Sørensen", "Sorensen"),
        ("Łukasiewicz", "lukasiewicz"),
        ("Weiß", "WEISS"),
        ("O", "o"),
        ("Ō", "o"),
        ("de la Cruz Ramírez", "De La Cruz Ramirez"),
        ("van den Berg-Ó Súilleabháin", "VAN DEN BERG O SUILLEABHAIN"),
        ("Null", "null"),
        ("NULL", "Null"),
        ("\uff2e\uff55\uff4c\uff4c", "Null"),
    ],
)
async def test_a_name_is_one_however_it_is_typed(
    desk: PracticeDesk, record: str, typed: str
) -> None:
    token = await desk.a_token(last_name=record)

    wrong = await prove(desk.identity, token, last_name="Thorne")
    right = await enrol(desk.identity, token, last_name=typed)

    assert (wrong.code, right.status) == ("token_invalid", 201)


@pytest.mark.parametrize(
    ("record", "typed"), [("Null", "Nul"), ("O", "Ou"), ("Smith-Jones", "Smith"), ("Garcia", "")]
)
async def test_another_name_is_another_person(desk: PracticeDesk, record: str, typed: str) -> None:
    token = await desk.a_token(last_name=record)

    answer = await prove(desk.identity, token, last_name=typed)

    assert answer.code == ("token_invalid" if typed else "body_invalid")


@pytest.mark.parametrize(
    ("born", "typed", "code"),
    [
        ("1988-02-29", "1988-02-29", ""),
        ("1988-02-29", "1988-02-28", "token_invalid"),
        ("1988-02-29", "1988-03-01", "token_invalid"),
        ("1987-02-28", "1987-02-29", "birth_date_impossible"),  # no date that there is
        ("1987-02-28", "28.02.1987", "birth_date_impossible"),
    ],
)
async def test_the_29_of_february_is_a_birthday_and_a_date_that_is_none_is_named(
    desk: PracticeDesk, born: str, typed: str, code: str
) -> None:
    token = await desk.a_token(birth_date=born)

    answer = await prove(desk.identity, token, birth_date=typed)

    assert answer.code == code
    if code == "birth_date_impossible":
        assert [error["field"] for error in answer.body["errors"]] == ["birth_date"]
        assert (await prove(desk.identity, token, birth_date=born)).status == 200


# ---- age (EN-8)


@pytest.mark.proves("EN-8")
@pytest.mark.parametrize(
    ("born", "now", "old_enough"),
    [
        # By New York's calendar, which is five hours behind.
        ("2013-03-05", "2031-03-05T04:59:59+00:00", False),
        ("2013-03-05", "2031-03-05T05:00:00+00:00", True),
        ("2012-02-29", "2030-02-28T12:00:00+00:00", False),
        ("2012-02-29", "2030-03-01T04:59:59+00:00", False),
        ("2012-02-29", "2030-03-01T05:00:00+00:00", True),
        ("2012-02-29", "2032-02-29T05:00:00+00:00", True),
    ],
)
async def test_who_is_eighteen_by_the_practices_calendar_has_an_account(
    desk: PracticeDesk, born: str, now: str, old_enough: bool
) -> None:
    clock = desk.identity.clock
    clock.advance(seconds=(datetime.fromisoformat(now) - clock.now()).total_seconds())
    renewed = await desk.renewed()
    token = await renewed.a_token(birth_date=born)

    proven = await prove(desk.identity, token, birth_date=born)
    enrolled = await enrol(desk.identity, token, birth_date=born)

    expected = (200, 201) if old_enough else (403, 403)
    assert (proven.status, enrolled.status) == expected
    assert {proven.code, enrolled.code} == {"" if old_enough else "age_not_allowed"}


@pytest.mark.proves("EN-8")
@pytest.mark.parametrize(("age", "allowed"), [(12, False), (13, True), (17, True)])
async def test_a_practice_lets_minors_have_an_account_and_nobody_under_13(
    desk: PracticeDesk, age: int, allowed: bool
) -> None:
    await desk.change_settings(own_account_age=13)
    born = desk.identity.clock.now().date().replace(year=2031 - age).isoformat()

    answer = await enrol(desk.identity, await desk.a_token(birth_date=born), birth_date=born)

    assert answer.code == ("" if allowed else "age_not_allowed")


@pytest.mark.proves("EN-8")
async def test_an_age_is_told_only_to_who_has_proven_the_token_and_uses_nothing_up(
    desk: PracticeDesk,
) -> None:
    token = await desk.a_token(birth_date="2015-03-05")

    unproven = await prove(desk.identity, token)
    told = [await prove(desk.identity, token, birth_date="2015-03-05") for _ in range(12)]
    await desk.change_settings(own_account_age=16)
    allowed = await enrol(desk.identity, token, birth_date="2015-03-05")

    assert unproven.code == "token_invalid"
    assert {answer.code for answer in told} == {"age_not_allowed"}
    assert allowed.status == 201
