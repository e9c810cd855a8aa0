"""The outbox and its relay."""

import asyncio
from contextlib import suppress
from uuid import uuid4

import msgspec
import pytest

from shared.contracts.envelope import Envelope
from shared.errors import BrokerUnavailable
from tests.integration.messaging.conftest import QUEUE, UNHEARD, Replica, Replicas
from tests.support.eventually import eventually
from tests.support.proxy import proxied


async def relayed(replica: Replica) -> None:
    """Fail as long as the broker is away."""
    try:
        await replica.relay_all()
    except BrokerUnavailable as error:
        raise AssertionError from error


OUTBOX = "SELECT attempts, last_error FROM outbox ORDER BY id"


async def test_a_committed_event_reaches_the_queue_and_leaves_the_outbox(
    identity: Replica, replicas: Replicas
) -> None:
    event_id = await identity.tell(subject := uuid4(), version=3)

    assert await identity.relay_all() == 1

    assert await identity.fetch(OUTBOX) == []
    merge = await replicas.of("merge")
    async with merge.bus.broker.pull() as deliveries:
        [delivery] = await deliveries.pull(QUEUE, 10)
    envelope = msgspec.json.decode(delivery.body, type=Envelope)
    assert (envelope.id, envelope.subject) == (event_id, str(subject))
    assert (envelope.source, envelope.aggregateversion) == ("/identity", 3)
    assert delivery.exchange == "identity.events"


async def test_an_event_of_a_transaction_that_was_rolled_back_is_never_published(
    identity: Replica,
) -> None:
    with suppress(ZeroDivisionError):
        async with identity.database.transaction() as tx:
            await identity.tell(uuid4(), tx=tx)
            raise ZeroDivisionError

    assert await identity.relay_all() == 0


async def test_an_unroutable_event_stays_and_is_put_off_while_its_neighbours_go(
    identity: Replica,
) -> None:
    for contract in (None, UNHEARD, None):
        if contract is None:
            await identity.tell(uuid4())
        else:
            await identity.tell(uuid4(), contract=contract)

    assert await identity.relay_all() == 2

    assert await identity.fetch(OUTBOX) == [(1, "returned")]
    assert identity.metrics.value("relay_refused", reason="returned") == 1


async def test_an_unroutable_event_is_tried_again_when_its_delay_is_over(
    identity: Replica, replicas: Replicas
) -> None:
    await identity.tell(uuid4(), contract=UNHEARD)
    await identity.relay_all()

    replicas.clock.advance(seconds=31)
    await identity.relay_all()

    assert await identity.fetch(OUTBOX) == [(2, "returned")]


async def test_an_exchange_the_service_may_not_write_to_costs_an_attempt_and_the_row_stays(
    identity: Replica,
) -> None:
    await identity.tell(uuid4())
    async with identity.database.connection() as connection:
        await connection.execute("UPDATE outbox SET exchange = 'notify.events'")

    assert await identity.bus.relay("notify.events").once() == 0

    assert await identity.fetch(OUTBOX) == [(1, "closed")]


async def test_two_relays_publish_each_row_once(identity: Replica, replicas: Replicas) -> None:
    other = await replicas.of("identity")
    for _ in range(450):
        await identity.tell(uuid4())

    sent = await asyncio.gather(identity.relay_all(), other.relay_all())

    assert sum(sent) == 450
    assert min(sent) > 0
    assert await replicas.waiting(QUEUE) == 450


async def test_a_broker_that_is_away_costs_a_row_nothing_and_is_used_as_soon_as_it_is_back(
    replicas: Replicas,
) -> None:
    async with proxied(replicas.vhost.url("identity")) as proxy:
        identity = await replicas.of(
            "identity", broker_url=proxy.url(replicas.vhost.url("identity"))
        )
        await identity.tell(uuid4())
        proxy.cut()
        with pytest.raises(BrokerUnavailable):
            await identity.relay_all()
        assert await identity.fetch(OUTBOX) == [(0, None)]

        proxy.restore()

        await eventually(lambda: relayed(identity), within=2)
        assert await identity.fetch(OUTBOX) == []


async def test_a_broker_that_answers_nothing_is_given_up_and_nothing_is_lost(
    replicas: Replicas,
) -> None:
    async with proxied(replicas.vhost.url("identity")) as proxy:
        identity = await replicas.of(
            "identity", broker_url=proxy.url(replicas.vhost.url("identity"))
        )
        await identity.tell(uuid4())
        await identity.relay_all()
        await identity.tell(uuid4())
        proxy.blackhole()
        with pytest.raises(BrokerUnavailable):
            await identity.relay_all()
        proxy.restore()

        await eventually(lambda: relayed(identity), within=2)
        assert await identity.fetch(OUTBOX) == []


async def test_connections_closed_by_an_operator_mid_way_lose_nothing(
    identity: Replica, replicas: Replicas
) -> None:
    told = {str(await identity.tell(uuid4())) for _ in range(400)}
    await identity.bus.broker.ping()
    connections = await eventually(lambda: replicas.connections("identity"), within=10)

    closing = asyncio.create_task(replicas.close(connections))
    await eventually(lambda: relayed(identity))

    await closing
    assert await identity.fetch(OUTBOX) == []
    merge = await replicas.of("merge")
    async with merge.bus.broker.pull() as deliveries:
        bodies = [delivery.body for delivery in await deliveries.pull(QUEUE, 5000)]
    assert {str(msgspec.json.decode(body, type=Envelope).id) for body in bodies} == told
