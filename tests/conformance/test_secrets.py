"""What is good once is good once: ten rounds of 64 over three replicas (MF-1, MF-4, SE-1, SE-3).

A round of the same table is one of the thousand of `make race PART=secrets`.
"""

from collections import Counter
from typing import Any

import pytest

from shared.one_time import Purpose
from shared.trust.grants import GrantAct
from shared.trust.grants import Verb as ForVerb
from tests.conformance.declared import declared
from tests.conformance.secrets import RACERS, SECRETS, OneTime
from tests.conformance.verbs import Verb
from tests.rigs.replica import Caller

ROUNDS = 10


def test_every_purpose_and_every_grant_is_raced_for() -> None:
    """Add a line to SECRETS for the one that is missing."""
    spent = {name for secret in SECRETS for name in secret.spends}
    purposes = {purpose.name for purpose in declared(Purpose).values()}

    assert {*purposes, *map(str, GrantAct), *map(str, ForVerb)} == set(map(str, spent))


@pytest.fixture
def verb(secret: OneTime) -> Verb:
    """Whose service is put on the stage."""
    return secret.verb


@pytest.mark.proves("MF-1", "MF-4", "SE-1", "SE-3", "EN-1", "EN-2", "EN-3", "EN-5", "RC-3", "ID-6")
@pytest.mark.proves("MG-1", "V2.3.4", "V6.5.1", "V15.4.2")
@pytest.mark.parametrize("secret", [pytest.param(one, id=one.name) for one in SECRETS])
async def test_of_64_who_have_it_one_does_it_ten_times_over_three_replicas(
    secret: OneTime, stage: Any, replicas: list[Caller]
) -> None:
    told: Counter[str] = Counter()
    for number in range(ROUNDS):
        told += await secret.round(stage, replicas, number)

    winners = RACERS if secret.same else 1
    assert told[str(secret.verb.route.status)] == ROUNDS * winners
    assert told.total() == ROUNDS * RACERS
