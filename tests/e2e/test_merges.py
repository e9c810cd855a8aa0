"""`make race PART=merges` in short: merges at once beside what changes accounts, and a kill."""

import pytest

from tests.race.merges.absorbed import TRIES
from tests.race.merges.race import ROUNDS, race
from tests.support.suite import Suite

KILLS = 1
TOLD = 2.0  # seconds for what deadlocks were counted
SECONDS = 60.0  # no round after that


@pytest.mark.proves("MG-3", "MG-5", "MG-9", "V15.4.3")
async def test_merges_at_once_beside_all_else_have_one_winner_and_lose_nothing(
    suite: Suite,
) -> None:
    tally = await race(suite, rounds=len(ROUNDS), kills=KILLS, within=SECONDS, told_within=TOLD)

    assert tally.holds, "\n".join(tally.lines())
    assert tally.rounds == len(ROUNDS)
    assert tally.told["accepted"] > 0
    assert {each.partition(":")[0] for each in tally.tried} >= set(TRIES)
