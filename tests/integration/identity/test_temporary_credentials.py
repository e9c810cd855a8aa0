"""EN-2: a temporary username and password, good for one thing, once."""

import asyncio
import re
from collections.abc import Callable

import pytest

from services.identity.enrolment.model import TEMPORARY_PASSWORD, TEMPORARY_USERNAME
from tests.builders.practices import PracticeDesk, enrols, practice_desk, proven, with_grant
from tests.rigs.identity import PASSWORD, Identity

pytestmark = pytest.mark.proves("EN-2")
WRONG = "ABCD-EFGH-JKMN-PQRS"


async def test_a_practice_makes_both_and_they_enrol_once(desk: PracticeDesk) -> None:
    pair = await desk.a_temporary_pair()

    told = await proven(desk.identity, pair)
    enrolled = await enrols(desk.identity, with_grant(told.body["grant"]))
    again = await proven(desk.identity, pair)

    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}", pair["username"])
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}", pair["password"])
    assert TEMPORARY_PASSWORD.symbols == 16  # 80 bits
    assert (told.status, told.body["practice_name"]) == (200, "Elm Street Practice")
    assert [answer.status for answer in enrolled] == [201]
    assert (again.status, again.code) == (422, "temporary_credential_invalid")
    assert (await desk.identity.log_on("maria.garcia")).status == 201


@pytest.mark.proves("LG-1", "V6.3.8")
async def test_at_the_log_on_they_are_a_name_that_nobody_has(
    desk: PracticeDesk, identity: Identity
) -> None:
    pair = await desk.a_temporary_pair()

    tried = await identity.log_on(pair["username"], pair["password"])
    nobody = await identity.log_on("nobody.at.all", pair["password"])

    assert tried.code == "invalid_credentials"
    assert tried.alike() == nobody.alike()
    counted = await identity.rows("SELECT FROM lockouts WHERE account_id IS NULL")
    assert len(counted) == 2
    assert (await proven(identity, pair)).status == 200


async def test_they_live_72_hours_or_as_long_as_the_practice_says(desk: PracticeDesk) -> None:
    clock = desk.identity.clock
    early, late = await desk.a_temporary_pair(), await desk.a_temporary_pair()
    await desk.change_settings(temporary_hours=1)
    short = await desk.a_temporary_pair()

    clock.advance(seconds=3600)
    assert (await proven(desk.identity, short)).code == "temporary_credential_invalid"
    clock.advance(seconds=71 * 3600 - 1)
    assert (await proven(desk.identity, early)).status == 200
    clock.advance(seconds=1)
    assert (await proven(desk.identity, late)).code == "temporary_credential_invalid"


@pytest.mark.proves("V6.6.3", "V2.3.4")
async def test_of_64_wrong_passwords_at_once_five_void_them(desk: PracticeDesk) -> None:
    pair = await desk.a_temporary_pair()
    grant = (await proven(desk.identity, pair)).body["grant"]

    wrong = [{**pair, "password": WRONG}] * 64
    answers = await asyncio.gather(*(proven(desk.identity, one) for one in wrong))

    assert {answer.code for answer in answers} == {"temporary_credential_invalid"}
    [row] = await desk.identity.rows(
        "SELECT state, tries FROM one_time_secrets WHERE purpose = $1", TEMPORARY_USERNAME.name
    )
    assert tuple(row) == ("void", '{"wrong-person": 5}')
    assert (await proven(desk.identity, pair)).alike() == answers[0].alike()
    [by_grant] = await enrols(desk.identity, with_grant(grant))
    assert by_grant.code == "temporary_credential_invalid"


async def test_the_password_of_another_pair_opens_nothing(desk: PracticeDesk) -> None:
    one, other = await desk.a_temporary_pair(), await desk.a_temporary_pair()

    crossed = await proven(desk.identity, {**one, "password": other["password"]})

    assert crossed.code == "temporary_credential_invalid"


def fullwidth(text: str) -> str:
    return "".join(chr(ord(sign) + 0xFEE0) for sign in text)


@pytest.mark.parametrize("write", [str.lower, "\u00a0 {}\r\n".format, fullwidth])
async def test_both_are_read_however_they_are_typed(
    desk: PracticeDesk, write: Callable[[str], str]
) -> None:
    pair = await desk.a_temporary_pair()

    typed = {name: write(text) for name, text in pair.items()}

    assert (await proven(desk.identity, typed)).status == 200


@pytest.mark.proves("EN-5")
async def test_they_set_credentials_of_ones_own_and_add_no_practice(
    identity: Identity, desk: PracticeDesk
) -> None:
    await desk.enrolled()
    elm = await practice_desk(identity)
    grant = (await proven(identity, await elm.a_temporary_pair())).body["grant"]
    body = {"grant": grant, "name": "maria.garcia", "password": PASSWORD}

    answer = await identity.call("POST", "/enrolments/existing-account", body)

    assert (answer.status, answer.code) == (400, "grant_wrong_act")


@pytest.mark.proves("V6.5.2")
async def test_neither_is_kept_anywhere(desk: PracticeDesk) -> None:
    pair = await desk.a_temporary_pair()

    rows = await desk.identity.rows("SELECT t::text FROM one_time_secrets t")
    rows += await desk.identity.rows("SELECT a::text FROM audit_entries a")
    told = " ".join(row[0] for row in rows)

    assert [text for text in pair.values() if text in told or text.replace("-", "") in told] == []
