"""A practice sets how long its patients' reset links live (ST-2, RC-3)."""

import asyncio

import pytest

from tests.builders.practices import PracticeDesk, practice_desk
from tests.rigs.identity import Identity


@pytest.mark.proves("ST-2", "RC-3")
@pytest.mark.parametrize("minutes", [15, 1440])
async def test_a_practice_sets_the_life_of_its_links_and_others_are_told(
    desk: PracticeDesk, minutes: int
) -> None:
    answer = await desk.change_settings(reset_link_minutes=minutes)

    assert answer.status == 200
    assert answer.body == {"version": 2, "reset_link_minutes": minutes}
    told = await desk.identity.events("practice-changed")
    assert [event["reset_link_minutes"] for event in told] == [60, minutes]
    assert told[1]["practice_id"] == desk.practice_id


@pytest.mark.proves("ST-2")
async def test_a_life_out_of_its_range_changes_nothing(desk: PracticeDesk) -> None:
    for minutes in (14, 1441, 0, -60, 10**12):
        answer = await desk.change_settings(reset_link_minutes=minutes)

        assert (answer.status, answer.code) == (422, "setting_out_of_range")
        assert answer.body["errors"] == [
            {
                "field": "reset_link_minutes",
                "code": "setting_out_of_range",
                "detail": "15 to 1440",
                "params": {"minimum": 15, "maximum": 1440},
            }
        ]
    assert len(await desk.identity.events("practice-changed")) == 1


async def test_a_change_of_no_setting_is_refused(desk: PracticeDesk) -> None:
    answer = await desk.change_settings()

    assert (answer.status, answer.code) == (422, "setting_out_of_range")
    assert answer.body["errors"][0]["detail"] == "name one at least"


@pytest.mark.proves("ST-2")
async def test_what_another_release_let_a_practice_set_is_read(desk: PracticeDesk) -> None:
    """A range holds for who sets a value, not for who reads it."""
    async with desk.identity.database.administrator() as connection:
        await connection.execute(
            """UPDATE identity.practices SET settings = '{"reset_link_minutes": 2880}'"""
        )

    answer = await desk.call("/practice/settings", method="GET")

    assert answer.body == {"version": 1, "reset_link_minutes": 2880}


@pytest.mark.proves("ST-2")
async def test_the_settings_are_read_as_they_stand(desk: PracticeDesk) -> None:
    before = await desk.call("/practice/settings", method="GET")
    await desk.change_settings(reset_link_minutes=30)
    after = await desk.call("/practice/settings", method="GET")

    assert before.body == {"version": 1, "reset_link_minutes": 60}
    assert after.body == {"version": 2, "reset_link_minutes": 30}
    [row] = await desk.identity.rows(
        "SELECT detail FROM audit_entries WHERE action = 'practice.set'"
    )
    assert row["detail"] == "reset_link_minutes=30"


@pytest.mark.proves("ST-2")
async def test_a_practice_changes_only_its_own_settings(
    identity: Identity, desk: PracticeDesk
) -> None:
    other = await practice_desk(identity)

    await other.change_settings(reset_link_minutes=30)

    answer = await desk.call("/practice/settings", method="GET")
    assert answer.body == {"version": 1, "reset_link_minutes": 60}


@pytest.mark.proves("ST-2")
async def test_each_of_parallel_changes_is_told_under_a_version_of_its_own(
    desk: PracticeDesk,
) -> None:
    answers = await asyncio.gather(
        *(desk.change_settings(reset_link_minutes=minutes) for minutes in range(20, 36))
    )

    assert sorted(answer.body["version"] for answer in answers) == list(range(2, 18))
    told = await desk.identity.events("practice-changed")
    by_version = sorted(answers, key=lambda answer: int(answer.body["version"]))
    expected = [60, *(answer.body["reset_link_minutes"] for answer in by_version)]
    assert [event["reset_link_minutes"] for event in told] == expected
