"""Two releases side by side: what the older one does not know is kept for the newer."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import uuid4

import pytest

from shared.contracts.contract import Contract
from shared.contracts.identity import ACCOUNT_CHANGED, AccountChanged
from shared.messaging.dead_letters import list_dead
from shared.messaging.dead_letters import replay as replayed
from shared.messaging.subscriptions import Subscription, subscribe
from tests.integration.messaging.conftest import QUEUE, Recorder, Replica, Replicas

NEW_TYPE = replace(ACCOUNT_CHANGED, name="person-changed")  # bound to the same queue
NEW_VERSION = replace(ACCOUNT_CHANGED, version=2)


def knowing(*contracts: Contract[AccountChanged]) -> Mapping[str, tuple[Subscription, ...]]:
    """The table of a release that knows these."""
    return {QUEUE: tuple(subscribe(contract, Recorder().record) for contract in contracts)}


async def tell(identity: Replica, contract: Contract[AccountChanged]) -> None:
    """Publish it, by a key that is bound: what matters is the type."""
    await identity.tell(uuid4(), contract=contract)
    async with identity.database.connection() as connection:
        await connection.execute("UPDATE outbox SET routing_key = $1", ACCOUNT_CHANGED.routing_key)
    await identity.relay_all()


@pytest.mark.parametrize("new", [NEW_TYPE, NEW_VERSION], ids=["type", "version"])
async def test_what_an_older_replica_takes_and_does_not_know_the_newer_one_handles(
    identity: Replica, replicas: Replicas, new: Contract[AccountChanged]
) -> None:
    older = await replicas.of("merge", knowing(ACCOUNT_CHANGED))
    newer = await replicas.of("merge", knowing(ACCOUNT_CHANGED, new))
    await tell(identity, new)

    await older.intake.drain()
    assert await older.effects() == []
    [letter] = await list_dead(older.database)
    assert (letter.reason, letter.event_type) == ("unknown_type", new.type)
    assert older.metrics.value("consumer_messages", queue=QUEUE, outcome="unknown_type") == 1

    assert await older.loop("recall").once() == 0
    assert await newer.loop("recall").once() == 1
    await newer.retry()

    assert len(await newer.effects()) == 1
    assert await newer.dead() == []


async def test_an_older_replica_that_is_handed_it_again_keeps_it_again(
    identity: Replica, replicas: Replicas
) -> None:
    older = await replicas.of("merge", knowing(ACCOUNT_CHANGED))
    newer = await replicas.of("merge", knowing(ACCOUNT_CHANGED, NEW_TYPE))
    await tell(identity, NEW_TYPE)
    await older.intake.drain()

    for by_an_operator in (True, False):
        if by_an_operator:
            async with older.database.connection() as tx:
                await replayed(tx, ids=None, now=replicas.clock.now())
        else:
            await newer.loop("recall").once()
        await older.retry()
        assert await older.dead() == [("unknown_type", "nobody here knows it (yet)")]

    await newer.loop("recall").once()
    await newer.retry()
    assert len(await newer.effects()) == 1


async def test_of_two_deliveries_of_what_is_unknown_one_takes_effect(
    identity: Replica, replicas: Replicas
) -> None:
    older = await replicas.of("merge", knowing(ACCOUNT_CHANGED))
    newer = await replicas.of("merge", knowing(ACCOUNT_CHANGED, NEW_TYPE))
    await identity.tell(uuid4(), contract=NEW_TYPE)
    await identity.relay_all()
    async with older.bus.broker.pull() as deliveries:
        [told] = await deliveries.pull(QUEUE, 10)
        await deliveries.ack([told])

    await older.intake.settle([told])
    await newer.intake.settle([told])
    await newer.loop("recall").once()
    await newer.retry()

    assert len(await newer.effects()) == 1
