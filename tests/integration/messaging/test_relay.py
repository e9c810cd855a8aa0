"""The outbox and its relay."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import cast
from uuid import uuid4

import msgspec
import pytest
from aiormq import Channel
from yarl import URL

from deploy.client.eventually import eventually
from shared.contracts.contract import Contract, Kind
from shared.contracts.envelope import CONTENT_TYPE, Envelope
from shared.contracts.identity import ACCOUNT_CHANGED, AccountChanged
from shared.errors import BrokerUnavailable
from shared.messaging.broker import Publisher, send
from shared.messaging.messages import Outcome, Outgoing
from shared.messaging.relay import CLAIM, Relay
from tests.integration.messaging.conftest import ORIGIN, QUEUE, UNHEARD, Replica, Replicas
from tests.support.lines import logged
from tests.support.proxy import Proxy, proxied


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
    assert delivery.publisher == URL(replicas.vhost.url("identity")).user == "identity"
    assert delivery.content_type == CONTENT_TYPE


async def test_an_event_of_a_transaction_that_was_rolled_back_is_never_published(
    identity: Replica,
) -> None:
    with suppress(ZeroDivisionError):
        async with identity.database.transaction() as tx:
            await identity.tell(uuid4(), tx=tx)
            raise ZeroDivisionError

    assert await identity.relay_all() == 0


async def test_an_unroutable_event_stays_is_told_once_and_put_off_while_its_neighbours_go(
    identity: Replica, replicas: Replicas
) -> None:
    await identity.tell(uuid4())
    event_id = await identity.tell(uuid4(), contract=UNHEARD)
    await identity.tell(uuid4())

    with logged() as lines:
        assert await identity.relay_all() == 2
        assert await identity.fetch(OUTBOX) == [(1, "returned")]
        replicas.clock.advance(seconds=31)
        await identity.relay_all()

    assert await identity.fetch(OUTBOX) == [(2, "returned")]
    assert identity.metrics.value("relay_refused", reason="returned") == 2
    [told] = lines.read_back("event_not_taken")
    assert (told["event_id"], told["outcome"]) == (str(event_id), "returned")
    assert told["correlation_id"] == str(ORIGIN.correlation_id)


async def test_an_exchange_the_service_may_not_write_to_costs_an_attempt_and_the_row_stays(
    identity: Replica,
) -> None:
    await identity.tell(uuid4())
    async with identity.database.connection() as connection:
        await connection.execute("UPDATE outbox SET exchange = 'notify.events'")

    identity.messaging.relays[0].exchange = "notify.events"
    assert await identity.relay_all() == 0

    assert await identity.fetch(OUTBOX) == [(1, "closed")]


async def test_two_relays_publish_each_row_once(identity: Replica, replicas: Replicas) -> None:
    other = await replicas.of("identity")
    for _ in range(450):
        await identity.tell(uuid4())

    sent = await asyncio.gather(identity.relay_all(), other.relay_all())

    assert sum(sent) == 450
    assert min(sent) > 0
    late = sum(
        one.metrics.value("relay_refused", reason="unconfirmed") for one in (identity, other)
    )
    assert 450 <= await replicas.waiting(QUEUE) <= 450 + late


async def test_a_claim_that_is_full_wakes_the_next_round_and_one_that_is_not_looks_no_more(
    identity: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.messaging.relay.BATCH", 2)
    relay = identity.messaging.relays[0]
    for _ in range(3):
        await identity.tell(uuid4())

    assert await relay.once() == 2
    assert relay.wake.is_set()
    assert await relay.once() == 1
    assert not relay.wake.is_set()


async def test_the_loop_publishes_more_than_one_claim_holds_and_what_comes_meanwhile(
    identity: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.messaging.relay.BATCH", 2)
    for _ in range(5):
        await identity.tell(uuid4())
    [loop] = [one for one in identity.messaging.relay_loops if one.name == "relay identity.events"]
    loop.every = 3600.0  # it polls for nobody

    async with going(identity):
        await eventually(lambda: emptied_by_loops(identity))
        await identity.tell(uuid4())
        await eventually(lambda: emptied_by_loops(identity))


async def emptied_by_loops(identity: Replica) -> None:
    assert await identity.fetch(OUTBOX) == []


async def test_a_claim_bounds_how_long_its_transaction_may_idle(identity: Replica) -> None:
    await identity.tell(uuid4())

    async with identity.database.transaction() as tx:
        await tx.fetch(CLAIM, "identity.events", identity.bus.clock.now(), 200, [])
        bound = await tx.fetchval("SHOW idle_in_transaction_session_timeout")

    assert bound == "15s"


@asynccontextmanager
async def behind_a_proxy(replicas: Replicas) -> AsyncIterator[tuple[Replica, Proxy]]:
    """Identity, and the way to its broker."""
    url = replicas.vhost.url("identity")
    async with proxied(url) as proxy:
        yield await replicas.of("identity", broker_url=proxy.url(url)), proxy


@pytest.mark.parametrize(
    ("connected", "lose"), [(False, Proxy.cut), (True, Proxy.blackhole)], ids=["away", "silent"]
)
async def test_a_broker_that_is_away_costs_a_row_nothing_and_is_used_as_soon_as_it_is_back(
    replicas: Replicas, connected: bool, lose: Callable[[Proxy], None]
) -> None:
    async with behind_a_proxy(replicas) as (identity, proxy):
        if connected:
            await identity.tell(uuid4())
            await identity.relay_all()
        await identity.tell(uuid4())
        lose(proxy)
        with pytest.raises(BrokerUnavailable):
            await identity.relay_all()
        assert await identity.fetch(OUTBOX) == [(0, None)]

        proxy.restore()

        await eventually(lambda: relayed(identity))
        assert await identity.fetch(OUTBOX) == []


async def test_a_broker_that_goes_away_between_a_message_and_its_confirm_leaves_the_row(
    replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with behind_a_proxy(replicas) as (identity, proxy):
        await identity.bus.broker.ping()
        await identity.messaging.relays[0].publisher.ready()
        sent = asyncio.Event()

        async def send_and_say(channel: Channel, message: Outgoing) -> None:
            sending = asyncio.ensure_future(send(channel, message))
            await asyncio.sleep(0)
            sent.set()
            await sending

        monkeypatch.setattr("shared.messaging.broker.send", send_and_say)
        proxy.blackhole()
        await identity.tell(uuid4())
        round_ = asyncio.create_task(identity.messaging.relays[0].once())
        await sent.wait()
        proxy.cut()

        with pytest.raises(BrokerUnavailable):
            await round_
        assert await identity.fetch(OUTBOX) == [(0, None)]
        assert identity.metrics.value("relay_published") == 0


def set_already() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass(slots=True)
class Unconfirming:
    """A publisher before queues that are down: what goes to one of `down` holds up all beside it.

    What a real one does is in tests/fault/test_unavailable_queues.py. Apart, it waits as long as
    `answers`.
    """

    down: set[str]
    outcome: Outcome = Outcome.UNCONFIRMED
    answers: asyncio.Event = field(default_factory=set_already)
    confirmed: list[str] = field(default_factory=list)
    apart: list[str] = field(default_factory=list)

    async def ready(self) -> None:
        """Always."""

    async def publish(self, messages: Sequence[Outgoing]) -> list[Outcome]:
        keys = [message.routing_key for message in messages]
        if self.down & set(keys):
            return [self.outcome for _ in keys]
        self.confirmed += keys
        return [Outcome.CONFIRMED for _ in keys]

    async def publish_apart(self, messages: Sequence[Outgoing]) -> list[Outcome]:
        self.apart += [message.routing_key for message in messages]
        await self.answers.wait()
        return [outcome for message in messages for outcome in await self.publish([message])]


DOWN = Contract("identity", "email-verification-requested", AccountChanged, Kind.ACTIVITY)


async def a_relay_before_a_queue_that_is_down(
    identity: Replica, *down: Contract[AccountChanged]
) -> tuple[Relay, Unconfirming]:
    relay = identity.messaging.relays[0]
    publisher = Unconfirming({contract.routing_key for contract in down or (DOWN,)})
    relay.publisher = relay.apart = cast(Publisher, publisher)
    return relay, publisher


async def test_what_goes_to_a_queue_that_is_down_is_told_apart_and_the_others_go_on(
    identity: Replica,
) -> None:
    relay, publisher = await a_relay_before_a_queue_that_is_down(identity)
    for contract in (ACCOUNT_CHANGED, DOWN, ACCOUNT_CHANGED, DOWN):
        await identity.tell(uuid4(), contract=contract)

    with logged() as lines:
        await relay.once()  # all beside each other
        await relay.try_apart()  # each key
        for _ in range(2):  # the rest; nothing more
            await relay.once()
        await identity.tell(uuid4())
        await relay.once()

    assert sorted(publisher.apart) == sorted([ACCOUNT_CHANGED.routing_key, DOWN.routing_key])
    assert publisher.confirmed == [ACCOUNT_CHANGED.routing_key] * 3
    assert sorted(await identity.fetch(OUTBOX)) == [(0, None), (1, "unconfirmed")]
    assert identity.metrics.value("relay_unconfirmed", exchange="identity.events") == 1
    [told] = lines.read_back("nothing_confirmed")
    assert (told["exchange"], told["event_type"]) == ("identity.events", DOWN.routing_key)


async def test_a_queue_that_is_up_again_gets_what_waited_for_it(
    identity: Replica, replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.messaging.relay.DOUBT_SECONDS", 0.0)
    relay, publisher = await a_relay_before_a_queue_that_is_down(identity)
    for _ in range(3):
        await identity.tell(uuid4(), contract=DOWN)
    with logged() as lines:
        for _ in range(3):
            await relay.once()
            await relay.try_apart()
        assert publisher.confirmed == []
        publisher.down.clear()
        replicas.clock.advance(seconds=31)

        await eventually(lambda: emptied(relay, identity))

    assert publisher.confirmed == [DOWN.routing_key] * 3
    assert identity.metrics.value("relay_unconfirmed", exchange="identity.events") == 0
    assert len(lines.read_back("nothing_confirmed")) == 1
    assert len(lines.read_back("confirmed_again")) == 1


async def emptied(relay: Relay, identity: Replica) -> None:
    await relay.try_apart()
    await relay.once()
    assert await identity.fetch(OUTBOX) == []


ALL_DOWN = tuple(replace(DOWN, name=f"down-{number}") for number in range(8))


async def test_while_eight_keys_are_tried_the_ninth_is_published(identity: Replica) -> None:
    relay, publisher = await a_relay_before_a_queue_that_is_down(identity, *ALL_DOWN)
    publisher.answers.clear()
    for contract in ALL_DOWN:
        await identity.tell(uuid4(), contract=contract)

    async with going(identity):
        await eventually(lambda: tried(publisher, ALL_DOWN))
        for number in range(1, 4):
            await identity.tell(uuid4())
            await eventually(partial(has_confirmed, publisher, number))

    assert relay.doubts.keys == tuple(contract.routing_key for contract in ALL_DOWN)


async def test_all_that_are_doubted_wait_together_and_what_comes_to_them_is_tried_at_once(
    identity: Replica,
) -> None:
    relay, publisher = await a_relay_before_a_queue_that_is_down(identity, *ALL_DOWN)
    for contract in ALL_DOWN[:-1]:
        await identity.tell(uuid4(), contract=contract)
    await relay.once()
    await relay.try_apart()
    assert len(publisher.apart) == 7
    await relay.try_apart()  # it is not time
    assert len(publisher.apart) == 7

    await identity.tell(uuid4(), contract=ALL_DOWN[-1])
    await relay.once()
    await relay.try_apart()

    assert set(publisher.apart) == {contract.routing_key for contract in ALL_DOWN}
    assert identity.metrics.value("relay_unconfirmed", exchange="identity.events") == 8


@asynccontextmanager
async def going(replica: Replica) -> AsyncIterator[None]:
    """Let its relays' loops run meanwhile."""
    tasks = [asyncio.create_task(loop.run()) for loop in replica.messaging.relay_loops]
    try:
        yield
    finally:
        publisher: object = replica.messaging.relays[0].publisher
        if isinstance(publisher, Unconfirming):
            publisher.answers.set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def tried(publisher: Unconfirming, contracts: Sequence[Contract[AccountChanged]]) -> None:
    assert set(publisher.apart) == {contract.routing_key for contract in contracts}


async def has_confirmed(publisher: Unconfirming, count: int) -> None:
    assert len(publisher.confirmed) == count


async def a_doubt(identity: Replica, monkeypatch: pytest.MonkeyPatch) -> tuple[Relay, Unconfirming]:
    """A relay that holds the key back, and has told so."""
    monkeypatch.setattr("shared.messaging.relay.DOUBT_SECONDS", 0.0)
    relay, publisher = await a_relay_before_a_queue_that_is_down(identity)
    await identity.tell(uuid4(), contract=DOWN)
    await relay.once()
    await relay.try_apart()
    return relay, publisher


async def test_a_doubt_stays_while_another_replica_has_its_last_row_in_hand(
    identity: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay, publisher = await a_doubt(identity, monkeypatch)
    with logged() as lines:
        async with identity.database.transaction() as of_the_twin:
            await of_the_twin.execute("SELECT FROM outbox FOR UPDATE")
            await relay.try_apart()

            assert list(relay.doubts.keys) == [DOWN.routing_key]
            assert identity.metrics.value("relay_unconfirmed", exchange="identity.events") == 1
            assert lines.read_back("confirmed_again") == []
            assert len(publisher.apart) == 1
            await of_the_twin.execute("DELETE FROM outbox")

        await relay.try_apart()
        assert list(relay.doubts.keys) == []
        assert len(lines.read_back("confirmed_again")) == 1


@pytest.mark.parametrize("outcome", [Outcome.NACKED, Outcome.RETURNED])
async def test_what_is_refused_is_not_confirmed_again(
    identity: Replica, monkeypatch: pytest.MonkeyPatch, outcome: Outcome
) -> None:
    relay, publisher = await a_doubt(identity, monkeypatch)
    publisher.outcome = outcome
    with logged() as lines:
        await relay.try_apart()
        assert list(relay.doubts.keys) == [DOWN.routing_key]
        assert lines.read_back("confirmed_again") == []

        publisher.down.clear()
        await relay.try_apart()
        assert list(relay.doubts.keys) == []
        assert len(lines.read_back("confirmed_again")) == 1


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
