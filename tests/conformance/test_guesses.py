"""Guessing, 64 at a time: exactly as many outcomes are told as the row allows (LG-2, MF-3).

A little of what `make race PART=secrets` does ten thousand times at each door.
"""

from typing import Any

import pytest

from tests.conformance.guesses import DOORS, Guessed, honest_beside
from tests.conformance.verbs import Verb
from tests.rigs.replica import Caller

GUESSES = 320
HONEST = 12


@pytest.fixture
def verb(door: Guessed) -> Verb:
    """Whose service is put on the stage."""
    return door.verb


@pytest.mark.proves("LG-2", "MF-3", "EN-1", "EN-2", "EN-3", "NT-3", "V2.3.4", "V6.3.1", "V6.6.3")
@pytest.mark.parametrize("door", [pytest.param(door, id=door.name) for door in DOORS])
async def test_64_who_guess_learn_no_more_than_the_row_allows(
    door: Guessed, stage: Any, replicas: list[Caller]
) -> None:
    target = await door.made(stage)
    if door.service != "identity":
        guesses = await door.guess(target, replicas, GUESSES)
    else:
        async with honest_beside(stage, replicas, HONEST, holder=target.holder) as honest:
            guesses = await door.guess(target, replicas, GUESSES)
        assert honest.passed == HONEST

    assert guesses.told == GUESSES
