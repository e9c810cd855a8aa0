"""Recovery beside identity: no sequence of ways yields a session without what its row demands."""

import asyncio

import pytest

from shared.contracts.identity import ResetRoute
from tests.race.ways_back.account import HOLDER, THIEF
from tests.race.ways_back.race import become_one, follow, go_each_way, play
from tests.race.ways_back.world import DEMANDS
from tests.support import database as databases

LIVES = 40
STEPS = 40


@pytest.mark.timeout(300)
@pytest.mark.proves("RC-1", "RC-2", "RC-3", "RC-4", "RC-5", "RC-6", "RC-7", "RC-9", "RC-10", "UN-1")
async def test_whatever_a_holder_and_a_thief_try_nobody_comes_in_without_what_the_way_demands(
    database: databases.Database,
) -> None:
    await asyncio.to_thread(play, database, examples=LIVES, steps=STEPS, chance=False)


@pytest.mark.parametrize("stolen", [*DEMANDS.values(), None])
async def test_each_way_leads_in_who_has_what_it_demands_and_no_other_does(
    database: databases.Database, stolen: str | None
) -> None:
    """So what is tried above is not refused for want of trying."""
    arrived = await asyncio.to_thread(go_each_way, database, {stolen} if stolen else set())

    thief = {route for route, demanded in DEMANDS.items() if demanded == stolen}
    assert arrived == {
        *((route, HOLDER) for route in ResetRoute),
        *((route, THIEF) for route in thief),
    }


@pytest.mark.proves("RC-4", "RC-6", "RC-7", "MF-4", "UN-1", "UN-3")
async def test_what_is_done_meanwhile_opens_and_shuts_the_ways_that_its_row_names(
    database: databases.Database,
) -> None:
    """By the practice, by who answers wrongly, by the clock. No refusal is one for another reason:
    as often as a way is open somebody comes in by it.
    """
    arrived = await asyncio.to_thread(follow, database)

    assert arrived == {
        (ResetRoute.VALIDATION, HOLDER): 3,
        (ResetRoute.QUESTIONS, HOLDER): 5,
        (ResetRoute.LINK, HOLDER): 2,
        (ResetRoute.PRACTICE_TOKEN, HOLDER): 1,
    }


@pytest.mark.proves("MG-5")
async def test_a_merge_leaves_the_survivor_its_ways_and_the_absorbed_account_none(
    database: databases.Database,
) -> None:
    """By validation nobody comes in: there is an account e-mail, or five questions."""
    arrived = await asyncio.to_thread(become_one, database)

    assert arrived == {
        (ResetRoute.LINK, HOLDER): 2,
        (ResetRoute.QUESTIONS, HOLDER): 1,
        (ResetRoute.PRACTICE_TOKEN, HOLDER): 1,
    }
