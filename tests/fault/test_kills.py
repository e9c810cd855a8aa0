"""`make race PART=kills` in short: three replicas of notify, killed at random under load (NT-6)."""

import pytest

from deploy.local.provision import connected
from tests.bench.site import Site
from tests.fault.rig import Rig
from tests.race.kills import race

KILLS = 4
RATE = 20  # messages a second
SECONDS = 60.0  # no kill after that
FORGET = """
DELETE FROM notify.accounts AS a
WHERE NOT EXISTS (SELECT FROM identity.accounts WHERE id = a.id)
"""  # the race makes them up; the ledger of the tests to come compares both


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
        tally = await race(
            site,
            rig.mails,
            smtp_url=stack.surroundings.smtp_url,
            kills=KILLS,
            rate=RATE,
            within=SECONDS,
            life=0.5,
        )
        await database.execute(FORGET)

    assert tally.holds, tally.told()
    assert tally.kills == KILLS
