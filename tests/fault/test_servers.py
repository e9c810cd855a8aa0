"""Broker and database killed under load: people get 503 at worst, and what they got stays."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from deploy.client.eventually import eventually
from shared.contracts.topology import SERVICES
from tests.fault.ledger import Ledger
from tests.fault.people import Person, live
from tests.fault.rig import Rig
from tests.fault.servers import Victim

PEOPLE = 6
AT_LEAST = 2  # have an account when the server is killed
Felt = Callable[[Sequence[Person]], Awaitable[None]]


async def killed_under_load(rig: Rig, ledger: Ledger, victim: Victim, felt: Felt) -> None:
    """Let people live; kill the server in the midst of it, and start it once that is felt."""
    people = [rig.person(ledger) for _ in range(PEOPLE)]
    async with asyncio.TaskGroup() as group:
        for person in people:
            group.create_task(live(person))

        def under_way() -> None:
            assert len(ledger.owed) >= AT_LEAST

        await eventually(under_way, within=60)
        await victim.kill()
        try:
            await eventually(lambda: felt(people), within=60)
        finally:
            await victim.start()


async def test_a_broker_killed_under_load_loses_nothing(rig: Rig, ledger: Ledger) -> None:
    async def events_wait(_: Sequence[Person]) -> None:
        waiting = [await rig.books.rows(f"SELECT FROM {service}.outbox") for service in SERVICES]
        assert any(waiting)

    await killed_under_load(rig, ledger, rig.own.broker, events_wait)

    await ledger.balance()


async def test_a_database_killed_under_load_loses_nothing_that_was_promised(
    rig: Rig, ledger: Ledger
) -> None:
    async def somebody_waits(people: Sequence[Person]) -> None:
        assert any(person.client.unknown for person in people)

    await killed_under_load(rig, ledger, rig.own.database, somebody_waits)

    await ledger.balance()
