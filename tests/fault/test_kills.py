"""`make race PART=kills` in short: three replicas of notify, killed at random under load (NT-6)."""

import pytest

from deploy.local.provision import connected
from tests.bench.site import Site
from tests.fault.rig import Rig
from tests.race.kills import race

KILLS = 4
RATE = 20  # messages a second
SECONDS = 60.0  # no kill after that
MADE_UP = "account_id NOT IN (SELECT id FROM identity.accounts)"
FORGET = f"""
DELETE FROM notify.attempts
WHERE delivery_id IN (SELECT id FROM notify.deliveries WHERE {MADE_UP});
DELETE FROM notify.deliveries WHERE {MADE_UP};
DELETE FROM notify.accounts WHERE id NOT IN (SELECT id FROM identity.accounts);
"""  # noqa: S608 - of the race's own: the ledger of the tests to come compares accounts and mails


@pytest.mark.proves("NT-6")
async def test_killed_at_random_nothing_is_lost_or_sent_twice_but_after_the_dot(rig: Rig) -> None:
    rig.kill("notify")  # the one with traps, whose clock other tests have moved
    stack = rig.stack
    async with connected(stack.surroundings.database.administrator_url) as database:
        site = Site(
            servers=rig.own.servers,
            run=stack.run,
            surroundings=stack.surroundings,
            database=database,
        )
        tally = await race(site, kills=KILLS, rate=RATE, within=SECONDS, life=0.5)
        await database.execute(FORGET)

    assert tally.holds, tally.told()
    assert tally.kills == KILLS
