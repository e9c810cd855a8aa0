"""Broker and database killed under load: people get 503 at worst, and what they got stays."""

import asyncio

from tests.fault.ledger import Ledger
from tests.fault.people import Person, live
from tests.fault.rig import Rig
from tests.fault.servers import Victim
from tests.support.eventually import eventually

PEOPLE = 6
AT_LEAST = 2  # have an account when the server is killed


async def killed_under_load(rig: Rig, ledger: Ledger, victim: Victim) -> list[Person]:
    """Let people live, kill the server in the midst of it, start it again, let them come to their
    end."""
    people = [rig.person(ledger) for _ in range(PEOPLE)]
    async with asyncio.TaskGroup() as group:
        lives = [group.create_task(live(person)) for person in people]

        def under_way() -> None:
            assert len(ledger.owed) >= AT_LEAST

        await eventually(under_way, within=30)
        await victim.kill()
        assert not all(life.done() for life in lives)
        await victim.start()
    return people


async def test_a_broker_killed_under_load_loses_nothing(rig: Rig, ledger: Ledger) -> None:
    people = await killed_under_load(rig, ledger, rig.own.broker)

    await ledger.balance()
    assert [person.client.unknown for person in people] == [0] * PEOPLE


async def test_a_database_killed_under_load_loses_nothing_that_was_promised(
    rig: Rig, ledger: Ledger
) -> None:
    people = await killed_under_load(rig, ledger, rig.own.database)

    await ledger.balance()
    assert any(person.client.unknown for person in people)
