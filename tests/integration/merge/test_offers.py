"""MG-7, MG-8: who is offered a merge with whom, where, and when again."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from shared.contracts.identity import PRACTICE_CHANGED, AccountState, EnrolmentState
from shared.contracts.ids import PracticeId
from shared.contracts.log_on_names import masked
from tests.builders import events
from tests.builders.people import Person, a_person, a_practice, enrolled
from tests.rigs.merge import Merging, message
from tests.support.clock import START, FakeClock

PHONE, ADDRESS = "+1 555 013 4477", "12 Elm Street, Apt. 4"
LAST_DAY_OF_JANUARY = datetime(2032, 1, 31, 20, 0, tzinfo=UTC)


def reachable(**said: Any) -> Person:
    return a_person(**{"home_phone": PHONE, **said})


async def offer(merging: Merging, person: Person) -> Any:
    answer = await merging.get("/offer", await merging.identity.token(person))
    assert answer.status == 200, answer.body
    return answer.body


async def place(merging: Merging, person: Person) -> str | None:
    found: str | None = (await offer(merging, person))["place"]
    return found


async def skip(merging: Merging, person: Person) -> None:
    answer = await merging.call("POST", "/offer/skip", token=await merging.identity.token(person))
    assert answer.status == 204, answer.body


async def offered(merging: Merging, person: Person) -> list[str]:
    return [one["username"] for one in (await offer(merging, person))["candidates"]]


def name_of(person: Person) -> str:
    return masked(person.snapshot().username)


async def knows_practice(merging: Merging, practice_id: PracticeId, name: str) -> None:
    told = message(
        PRACTICE_CHANGED, events.practice(practice_id, name), subject=practice_id, version=1
    )
    await merging.hear(told, queue="merge.accounts")


@pytest.mark.proves("MG-8")
async def test_a_likely_account_is_offered_with_its_masked_name_and_its_practice(
    merging: Merging,
) -> None:
    practice = a_practice()
    await knows_practice(merging, practice, "Elm Street Practice")
    june, other = reachable(), reachable(enrolments=(enrolled(practice),))
    await merging.knows(june, other)

    assert await offer(merging, june) == {
        "place": "log-on",
        "quiet_until": None,
        "candidates": [{"username": name_of(other), "practices": ["Elm Street Practice"]}],
    }


@pytest.mark.proves("MG-8")
@pytest.mark.parametrize(
    ("mine", "hers", "likely"),
    [
        ({"home_phone": PHONE}, {"home_phone": "(555) 013-4477"}, True),
        ({"home_phone": PHONE}, {"home_phone": "+1 555 013 4478"}, False),
        ({"home_phone": PHONE}, {"home_phone": None}, False),
        ({"home_phone": PHONE}, {"first_name": "Ada"}, False),
        ({"home_phone": PHONE}, {"last_name": "Thorne"}, False),
        ({"home_phone": PHONE}, {"birth_date": date(1988, 4, 18)}, False),
        ({"first_name": "Zoë"}, {"first_name": "ZOE"}, True),
        ({"home_phone": None, "address": ADDRESS}, {"address": "12, elm street (apt 4)"}, True),
        ({"home_phone": None, "address": ADDRESS}, {"address": "14 Elm Street"}, False),
        ({"home_phone": None, "address": "-"}, {"address": "-", "home_phone": None}, False),
        ({"home_phone": "12345"}, {"home_phone": "12345"}, False),
        ({"home_phone": None}, {"home_phone": None}, False),
    ],
)
async def test_likely_the_same_is_who_has_name_and_date_and_phone_or_address_of_hers(
    merging: Merging, mine: dict[str, Any], hers: dict[str, Any], likely: bool
) -> None:
    june, other = reachable(**mine), reachable(**hers)
    await merging.knows(june, other)

    assert await offered(merging, june) == ([name_of(other)] if likely else [])
    assert await offered(merging, other) == ([name_of(june)] if likely else [])


@pytest.mark.proves("MG-8")
@pytest.mark.parametrize("state", [AccountState.FROZEN, AccountState.MERGED])
async def test_only_active_accounts_are_offered(merging: Merging, state: AccountState) -> None:
    june, other = reachable(), reachable(state=state)
    await merging.knows(june, other)

    assert await offered(merging, june) == []
    assert await place(merging, june) is None


@pytest.mark.proves("MG-8")
async def test_a_record_of_a_practice_that_has_ended_the_enrolment_counts(merging: Merging) -> None:
    ended = (enrolled(state=EnrolmentState.UNENROLLED),)
    june, other = reachable(enrolments=ended), reachable()
    await merging.knows(june, other)

    assert await offered(merging, june) == [name_of(other)]


@pytest.mark.proves("MG-8")
async def test_an_account_in_a_merge_or_absorbed_by_one_is_offered_to_nobody(
    merging: Merging,
) -> None:
    """Whatever its snapshot says by then: merge knows its own merges first."""
    june, other, third = reachable(), reachable(), reachable()
    await merging.knows(june, other, third)
    saga = await merging.under_way(other, third)

    assert await offered(merging, june) == []

    await merging.hear(*saga.all_applied())

    assert await offered(merging, june) == [name_of(other)]


@pytest.mark.proves("MG-2", "MG-8")
async def test_an_account_under_review_with_hers_is_offered_to_others_alone(
    merging: Merging,
) -> None:
    """Its record was corrected since: to ask once more would be refused until the review ends."""
    june, other, third = reachable(), reachable(last_name="Thorne"), reachable()
    await merging.knows(june, other)
    saga = await merging.under_way(june, other)
    other = other.changed(last_name=june.last_name)
    await merging.knows(other, third)

    assert await offered(merging, june) == [name_of(third)]
    assert await offered(merging, other) == [name_of(third)]
    assert sorted(await offered(merging, third)) == sorted(map(name_of, (june, other)))

    await merging.rejects(june.enrolments[0].practice_id, saga.merge_id)

    assert sorted(await offered(merging, june)) == sorted(map(name_of, (other, third)))


@pytest.mark.proves("MG-8")
async def test_a_record_that_is_corrected_makes_a_candidate_and_unmakes_one(
    merging: Merging,
) -> None:
    june, other = reachable(), reachable(last_name="Hael")
    await merging.knows(june, other)
    assert await offered(merging, june) == []

    other = other.changed(last_name=june.last_name)
    await merging.knows(other)
    assert await offered(merging, june) == [name_of(other)]

    other = other.changed(home_phone="+1 555 099 1122")
    await merging.knows(other)
    assert await offered(merging, june) == []


@pytest.mark.proves("MG-8")
async def test_an_account_that_merge_has_not_heard_of_is_offered_nothing(merging: Merging) -> None:
    assert await offer(merging, a_person()) == {
        "place": None,
        "quiet_until": None,
        "candidates": [],
    }


@pytest.mark.proves("MG-8")
async def test_many_of_one_household_cost_no_more_than_ten_are_shown(merging: Merging) -> None:
    june = reachable()
    await merging.knows(june, *(reachable() for _ in range(12)))

    assert len(await offered(merging, june)) == 10


@pytest.mark.proves("MG-7")
async def test_who_skips_is_offered_nothing_for_three_months_and_then_on_the_home_page(
    merging: Merging, clock: FakeClock
) -> None:
    """Skipped on 31 January at noon in Los Angeles: until 00:00 of 30 April there."""
    june, other = reachable(time_zone="America/Los_Angeles"), reachable()
    await merging.knows(june, other)
    clock.shift(LAST_DAY_OF_JANUARY - START)
    assert await place(merging, june) == "log-on"

    await skip(merging, june)

    assert (await offer(merging, june))["quiet_until"] == "2032-04-30"
    places = []
    for moment in (
        LAST_DAY_OF_JANUARY,
        datetime(2032, 4, 30, 6, 59, 59, tzinfo=UTC),
        datetime(2032, 4, 30, 7, 0, 0, tzinfo=UTC),
    ):
        clock.shift(moment - START)
        places.append(await place(merging, june))
    assert places == [None, None, "home"]
    assert await offered(merging, june) == [name_of(other)]  # at any time, for the settings

    await skip(merging, june)  # the home notice, for three months more

    assert (await offer(merging, june))["quiet_until"] == "2032-07-30"
    assert await place(merging, june) is None


@pytest.mark.proves("MG-7")
async def test_a_new_candidate_waits_like_the_one_that_was_skipped(
    merging: Merging, clock: FakeClock
) -> None:
    june, other = reachable(), reachable()
    await merging.knows(june, other)
    await skip(merging, june)

    third = reachable()
    await merging.knows(third)

    assert await place(merging, june) is None
    assert await place(merging, third) == "log-on"  # hers is an account of its own
    assert len(await offered(merging, june)) == 2


@pytest.mark.proves("MG-7")
async def test_a_skip_that_is_repeated_while_it_waits_moves_nothing(
    merging: Merging, clock: FakeClock
) -> None:
    june = reachable()
    await merging.knows(june, reachable())
    await skip(merging, june)
    until = (await offer(merging, june))["quiet_until"]

    clock.shift(timedelta(days=40))
    await skip(merging, june)

    assert (await offer(merging, june))["quiet_until"] == until


@pytest.mark.proves("MG-7")
async def test_of_skips_at_once_each_is_answered_and_one_counts(
    merging: Merging, second: Merging, clock: FakeClock
) -> None:
    june = reachable()
    await merging.knows(june, reachable())
    await skip(merging, june)
    clock.shift(timedelta(days=100))

    await asyncio.gather(*(skip(replica, june) for replica in (merging, second) * 8))

    (row,) = await merging.rows("SELECT quiet_until, skipped_at FROM skipped_offers")
    assert row["quiet_until"] == date(2031, 9, 13)
    assert row["skipped_at"] == clock.now()
    assert len(await merging.audited("offer.skip")) == 17


@pytest.mark.proves("MG-7")
async def test_the_zone_that_counts_is_the_one_the_account_has_now(
    merging: Merging, clock: FakeClock
) -> None:
    june = reachable()
    await merging.knows(june, reachable())
    await skip(merging, june)  # 5 March, until 5 June
    clock.shift(datetime(2031, 6, 4, 12, 0, tzinfo=UTC) - START)
    assert await place(merging, june) is None

    await merging.knows(replace(june, version=june.version + 1, time_zone="Pacific/Kiritimati"))

    assert await place(merging, june) == "home"
