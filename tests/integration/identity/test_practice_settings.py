"""A practice sets how long links and tokens live, and who has an account (ST-2, RC-3, EN-1)."""

import asyncio
from collections import Counter

import pytest
from msgspec import to_builtins

from shared.contracts.practice_settings import PracticeSettings
from tests.builders.practices import PracticeDesk, practice_desk
from tests.rigs.identity import Identity

DEFAULTS = {
    **to_builtins(PracticeSettings()),
    "channels": ["email", "portal"],
    "security_questions": False,  # as the rigs' practices have it
}
RANGES = [  # as ST-2 and EN-8 have them
    ("reset_link_minutes", 15, 24 * 60),
    ("token_hours_in_person", 1, 7 * 24),
    ("token_days_post", 1, 30),
    ("token_hours_email", 1, 24),
    ("temporary_hours", 1, 7 * 24),
    ("invitation_days", 1, 14),
    ("reset_token_hours", 1, 7 * 24),
    ("reset_token_days_post", 1, 21),
    ("own_account_age", 13, 18),
]


@pytest.mark.proves("ST-2", "RC-3")
@pytest.mark.parametrize("minutes", [15, 1440])
async def test_a_practice_sets_the_life_of_its_links_and_others_are_told(
    desk: PracticeDesk, minutes: int
) -> None:
    answer = await desk.change_settings(reset_link_minutes=minutes)

    assert answer.status == 200
    assert answer.body == {"version": 2, **DEFAULTS, "reset_link_minutes": minutes}
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

    others = {**DEFAULTS, "security_questions": True}  # the default: no row says it
    assert answer.body == {"version": 1, **others, "reset_link_minutes": 2880}


@pytest.mark.proves("ST-2")
async def test_the_settings_are_read_as_they_stand(desk: PracticeDesk) -> None:
    before = await desk.call("/practice/settings", method="GET")
    await desk.change_settings(reset_link_minutes=30)
    after = await desk.call("/practice/settings", method="GET")

    assert before.body == {"version": 1, **DEFAULTS}
    assert after.body == {"version": 2, **DEFAULTS, "reset_link_minutes": 30}
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
    assert answer.body == {"version": 1, **DEFAULTS}


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


@pytest.mark.proves("ST-2")
async def test_a_change_to_what_is_so_already_raises_no_version_and_tells_nobody(
    desk: PracticeDesk,
) -> None:
    await desk.change_settings(reset_link_minutes=30, takes_requests=True)
    told = len(await desk.identity.events("practice-changed"))

    answers = [
        await desk.change_settings(reset_link_minutes=30, takes_requests=True),
        await desk.change_settings(token_days_post=DEFAULTS["token_days_post"]),
    ]

    expected = {"version": 2, **DEFAULTS, "reset_link_minutes": 30, "takes_requests": True}
    assert [answer.body for answer in answers] == [expected, expected]
    assert len(await desk.identity.events("practice-changed")) == told
    rows = await desk.identity.rows(
        "SELECT outcome, detail FROM audit_entries WHERE action = 'practice.set' ORDER BY at, id"
    )
    assert [row["outcome"] for row in rows] == ["done", "done", "done"]


@pytest.mark.proves("ST-2")
async def test_a_setting_that_no_row_says_yet_is_its_default_already(desk: PracticeDesk) -> None:
    async with desk.identity.database.administrator() as connection:
        await connection.execute("""UPDATE identity.practices SET settings = '{}'""")

    same = await desk.change_settings(token_days_post=DEFAULTS["token_days_post"])
    changed = await desk.change_settings(token_days_post=DEFAULTS["token_days_post"] + 1)

    assert [same.body["version"], changed.body["version"]] == [1, 2]


@pytest.mark.proves("ST-2")
async def test_of_parallel_changes_to_one_value_one_is_told(desk: PracticeDesk) -> None:
    answers = await asyncio.gather(
        *(desk.change_settings(reset_link_minutes=30) for _ in range(16))
    )

    assert {answer.body["version"] for answer in answers} == {2}
    assert len(await desk.identity.events("practice-changed")) == 2


@pytest.mark.proves("ST-2")
async def test_of_parallel_changes_to_one_version_one_is_done_and_told(
    desk: PracticeDesk,
) -> None:
    answers = await asyncio.gather(
        *(desk.change_settings(version=1, reset_link_minutes=20 + racer) for racer in range(16))
    )

    outcomes = Counter(answer.refused() for answer in answers)
    assert outcomes == {(200, ""): 1, (409, "settings_changed"): 15}
    [done] = [answer.body for answer in answers if answer.status == 200]
    assert (await desk.call("/practice/settings", method="GET")).body == done
    told = await desk.identity.events("practice-changed")
    assert [event["reset_link_minutes"] for event in told] == [60, done["reset_link_minutes"]]
    rows = await desk.identity.rows(
        "SELECT outcome, detail FROM audit_entries WHERE action = 'practice.set'"
    )
    assert Counter((row["outcome"], row["detail"]) for row in rows) == {
        ("done", f"reset_link_minutes={done['reset_link_minutes']}"): 1,
        ("refused", "settings_changed"): 15,
    }


@pytest.mark.proves("ST-2")
async def test_who_names_the_version_that_was_read_does_not_undo_anothers_change(
    desk: PracticeDesk,
) -> None:
    await desk.change_settings(version=1, takes_requests=True)

    late = await desk.change_settings(version=1, takes_requests=False, token_days_post=7)
    ahead = await desk.change_settings(version=3, takes_requests=False)
    again = await desk.change_settings(version=2, token_days_post=7)
    unsaid = await desk.change_settings(takes_requests=False)

    assert [late.refused(), ahead.refused()] == [(409, "settings_changed")] * 2
    changed = {**DEFAULTS, "takes_requests": True, "token_days_post": 7}
    assert again.body == {"version": 3, **changed}
    assert unsaid.body == {"version": 4, **changed, "takes_requests": False}


@pytest.mark.proves("ST-2")
async def test_what_is_so_already_at_the_version_that_was_read_tells_nobody(
    desk: PracticeDesk,
) -> None:
    same = await desk.change_settings(version=1, token_days_post=DEFAULTS["token_days_post"])

    assert same.body == {"version": 1, **DEFAULTS}
    assert len(await desk.identity.events("practice-changed")) == 1


@pytest.mark.proves("ST-2")
async def test_a_change_that_is_sent_again_after_a_lost_reply_is_no_colleagues(
    desk: PracticeDesk,
) -> None:
    change = {"version": 1, "takes_requests": True, "channels": ["portal", "email"]}

    answers = await asyncio.gather(*(desk.change_settings(**change) for _ in range(16)))
    other = await desk.change_settings(**change, token_days_post=7)

    done = {"version": 2, **DEFAULTS, "takes_requests": True, "channels": ["portal", "email"]}
    assert [answer.body for answer in answers] == [done] * 16
    assert other.refused() == (409, "settings_changed")
    assert len(await desk.identity.events("practice-changed")) == 2


@pytest.mark.proves("ST-2", "EN-1", "EN-2", "EN-3", "EN-8", "RC-3")
@pytest.mark.parametrize(("setting", "lowest", "highest"), RANGES)
async def test_a_number_is_taken_within_its_range_and_refused_outside(
    desk: PracticeDesk, setting: str, lowest: int, highest: int
) -> None:
    answers = [
        await desk.change_settings(**{setting: value})
        for value in (lowest - 1, lowest, highest, highest + 1)
    ]

    assert [answer.status for answer in answers] == [422, 200, 200, 422]
    for refused in (answers[0], answers[3]):
        [problem] = refused.body["errors"]
        assert (refused.code, problem["field"]) == ("setting_out_of_range", setting)
        assert problem["params"] == {"minimum": lowest, "maximum": highest}
    assert answers[2].body == {"version": 3, **DEFAULTS, setting: highest}


@pytest.mark.proves("ST-2", "NT-2")
async def test_a_practice_says_which_channels_it_offers_in_the_order_of_trying(
    desk: PracticeDesk,
) -> None:
    answer = await desk.change_settings(channels=["portal", "email"])

    assert answer.body == {"version": 2, **DEFAULTS, "channels": ["portal", "email"]}
    told = await desk.identity.events("practice-changed")
    assert [event["settings"]["channels"] for event in told] == [
        ["email", "portal"],
        ["portal", "email"],
    ]
    rows = await desk.identity.rows(
        "SELECT detail FROM audit_entries WHERE action = 'practice.set'"
    )
    assert [row["detail"] for row in rows] == ["channels=portal,email"]


@pytest.mark.proves("ST-2")
@pytest.mark.parametrize("channels", [[], ["email", "email"]], ids=["none", "one twice"])
async def test_a_practice_offers_one_channel_at_least_and_each_once(
    desk: PracticeDesk, channels: list[str]
) -> None:
    answer = await desk.change_settings(channels=channels)

    assert answer.refused() == (422, "setting_out_of_range")


async def test_a_channel_that_there_is_not_is_refused(desk: PracticeDesk) -> None:
    assert (await desk.change_settings(channels=["pigeon"])).status in (400, 422)


@pytest.mark.proves("ST-2")
def test_every_number_that_a_practice_sets_is_tried_at_both_edges() -> None:
    numbers = {name for name, value in DEFAULTS.items() if type(value) is int}

    assert {setting for setting, _, _ in RANGES} == numbers
