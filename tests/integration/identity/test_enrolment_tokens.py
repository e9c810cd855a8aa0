"""EN-1: one live token a patient record, shown once, kept as a digest."""

import asyncio
import re
from collections import Counter
from datetime import datetime, timedelta

import pytest

from tests.builders.practices import PracticeDesk, application, enrol

pytestmark = pytest.mark.proves("EN-1")


async def test_a_token_is_80_bits_in_four_groups_of_four(desk: PracticeDesk) -> None:
    answer = await desk.issue(await desk.a_patient())

    assert answer.status == 201
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", answer.body["token"])


@pytest.mark.parametrize(
    ("handed_over", "life"),
    [
        ("in-person", timedelta(hours=72)),
        ("post", timedelta(days=21)),
        ("e-mail", timedelta(hours=24)),
    ],
)
async def test_a_token_lives_by_how_it_was_handed_over(
    desk: PracticeDesk, handed_over: str, life: timedelta
) -> None:
    answer = await desk.issue(await desk.a_patient(), handed_over=handed_over)
    other = await desk.a_token(handed_over=handed_over)

    assert datetime.fromisoformat(answer.body["expires_at"]) == desk.identity.clock.now() + life
    desk.identity.clock.advance(seconds=life.total_seconds() - 1)
    assert (await enrol(desk.identity, other)).status == 201
    desk.identity.clock.advance(seconds=1)
    assert (await enrol(desk.identity, answer.body["token"])).code == "token_invalid"


@pytest.mark.proves("V2.3.4")
async def test_of_32_issued_at_once_for_one_patient_one_is_live(desk: PracticeDesk) -> None:
    patient_id = await desk.a_patient()

    issued = await asyncio.gather(*(desk.issue(patient_id) for _ in range(32)))
    answers = [await enrol(desk.identity, answer.body["token"]) for answer in issued]

    states = await desk.identity.rows("SELECT state FROM one_time_secrets ORDER BY state")
    assert [row["state"] for row in states] == [*["superseded"] * 31, "used"]
    assert Counter(answer.code for answer in answers) == {"token_invalid": 31, "": 1}


async def test_a_key_covers_the_patient_in_the_path_as_well(desk: PracticeDesk) -> None:
    first, second = await desk.a_patient(), await desk.a_patient()
    assert (await desk.issue(first, key="a-key-of-mine")).status == 201

    again = await desk.issue(second, key="a-key-of-mine")

    assert (again.status, again.code) == (422, "idempotency_key_reused")
    assert len(await desk.identity.rows("SELECT FROM one_time_secrets")) == 1


@pytest.mark.proves("V2.3.4")
async def test_issuing_while_enrolling_never_deadlocks_and_never_leaves_two_ways_in(
    desk: PracticeDesk,
) -> None:
    patient_id = await desk.a_patient()
    body = application((await desk.issue(patient_id)).body["token"])

    answers = await asyncio.gather(
        *(desk.identity.call("POST", "/enrolments", body) for _ in range(8)),
        *(desk.issue(patient_id) for _ in range(8)),
    )

    assert {answer.status for answer in answers} <= {201, 409, 422}
    live = await desk.identity.rows("SELECT FROM one_time_secrets WHERE state = 'live'")
    accounts = await desk.identity.rows("SELECT FROM accounts")
    assert len(live) + len(accounts) == 1
