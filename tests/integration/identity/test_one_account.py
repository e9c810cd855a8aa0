"""One account, two actors and a clock: whatever they do, these things hold (SE-1, SE-3, MF-3)."""

import asyncio

import pytest

from tests.race.one_account.race import play
from tests.support import database as databases

LIVES = 60
STEPS = 40


@pytest.mark.timeout(300)
@pytest.mark.proves("SE-1", "SE-3", "MF-1", "MF-3", "MF-4", "ID-2", "ID-6", "ID-7", "RC-10", "AU-1")
async def test_whatever_a_holder_and_a_thief_do_no_secret_or_session_is_good_for_more_than_it_is(
    database: databases.Database,
) -> None:
    await asyncio.to_thread(play, database, examples=LIVES, steps=STEPS, chance=False)
