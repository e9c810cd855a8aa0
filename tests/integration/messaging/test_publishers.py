"""Who published is the user that the broker vouches for: no header and no body says it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from uuid import UUID, uuid4

import aiormq
import msgspec
import pytest
from aiormq.exceptions import ChannelPreconditionFailed

from deploy.client.eventually import eventually
from shared.contracts.contract import Contract, Kind
from shared.contracts.envelope import CONTENT_TYPE, Envelope
from shared.contracts.identity import AccountChanged
from shared.messaging.broker import Deliveries
from shared.messaging.dead_letters import replay
from shared.messaging.messages import Delivery
from shared.messaging.subscriptions import Subscription, subscribe
from tests.integration.messaging.conftest import Recorder, Replica, Replicas, an_account
from tests.support.deliveries import delivered

SAGA = "merge.saga"  # which three services write to
OF_IDENTITY = Contract("identity", "accounts-merged", AccountChanged, Kind.ACTIVITY)
OF_NOTIFY = Contract("notify", "merge-applied", AccountChanged, Kind.STEP)
KEYS = {one.owner: one.routing_key for one in (OF_IDENTITY, OF_NOTIFY)}
OWN = object()  # the user whose connection it is
FORGED: Mapping[str, object] = {
    "x-death": [
        {
            "queue": SAGA,
            "exchange": "identity.events",
            "reason": "delivery_limit",
            "count": 1,
            "routing-keys": [OF_IDENTITY.routing_key],
        }
    ]
}


def a_body(contract: Contract[AccountChanged], event_id: UUID | None = None) -> bytes:
    subject = uuid4()
    envelope = Envelope(
        specversion="1.0",
        id=event_id or uuid4(),  # type: ignore[arg-type]
        source=f"/{contract.owner}",
        type=contract.type,
        subject=str(subject),
        time="2031-03-05T09:00:00Z",  # type: ignore[arg-type]
        datacontenttype="application/json",
        data=msgspec.Raw(msgspec.json.encode(an_account(subject))),
        aggregateversion=1,
    )
    return msgspec.json.encode(envelope)


@asynccontextmanager
async def channel(url: str) -> AsyncIterator[aiormq.abc.AbstractChannel]:
    """A foreign client's channel."""
    connection = await aiormq.connect(url)
    try:
        yield await connection.channel()
    finally:
        await connection.close()


async def publish_as(
    replicas: Replicas,
    service: str,
    *messages: bytes,
    user_id: str | object | None = OWN,
    headers: Mapping[str, object] | None = None,
) -> None:
    """Publish to a service's own exchange, over its own connection, whatever one likes."""
    async with channel(replicas.vhost.url(service)) as opened:
        for body in messages:
            await opened.basic_publish(
                body,
                exchange=f"{service}.events",
                routing_key=KEYS[service],
                properties=aiormq.spec.Basic.Properties(
                    content_type=CONTENT_TYPE,
                    delivery_mode=2,
                    message_id=str(uuid4()),
                    user_id=service if user_id is OWN else user_id,  # type: ignore[arg-type]
                    headers=dict(headers or {}),  # type: ignore[arg-type]
                ),
            )


def table(recorder: Recorder) -> Mapping[str, tuple[Subscription, ...]]:
    return {SAGA: (subscribe(OF_IDENTITY, recorder.record), subscribe(OF_NOTIFY, recorder.record))}


@pytest.fixture
async def merge(replicas: Replicas) -> Replica:
    """Who hears identity and notify by one queue."""
    return await replicas.of("merge", table(Recorder()))


async def reasons(replica: Replica) -> list[tuple[object, ...]]:
    return await replica.fetch("SELECT consumer, publisher, reason FROM dead_letters ORDER BY id")


async def test_a_death_that_a_publisher_forges_makes_nobody_of_it(
    merge: Replica, replicas: Replicas
) -> None:
    await publish_as(replicas, "notify", a_body(OF_IDENTITY), headers=FORGED)

    await merge.intake.drain()

    assert await merge.effects() == []
    assert await reasons(merge) == [(SAGA, "notify", "wrong_publisher")]


async def test_the_broker_refuses_a_user_who_is_not_the_connections(
    merge: Replica, replicas: Replicas
) -> None:
    with pytest.raises(ChannelPreconditionFailed):
        await publish_as(replicas, "notify", a_body(OF_IDENTITY), user_id="identity")

    assert await merge.intake.drain() == 0


async def test_what_the_broker_gives_up_keeps_its_publisher_and_can_be_replayed(
    merge: Replica, replicas: Replicas
) -> None:
    await publish_as(replicas, "identity", a_body(OF_IDENTITY))
    await publish_as(replicas, "notify", a_body(OF_IDENTITY), headers=FORGED)
    for _ in range(21):  # a process that dies with both in hand
        async with merge.bus.broker.pull() as deliveries:
            await eventually(partial(are_pulled, deliveries, set[bytes]()))
    await eventually(lambda: are_filed(merge))
    details = await merge.fetch("SELECT DISTINCT detail FROM dead_letters")
    assert details == [("delivery_limit",)]

    async with merge.database.connection() as tx:
        await replay(tx, ids=None, now=replicas.clock.now())
    await merge.retry(SAGA)

    assert len(await merge.effects()) == 1
    assert await reasons(merge) == [(SAGA, "notify", "wrong_publisher")]


async def are_pulled(deliveries: Deliveries, seen: set[bytes]) -> None:
    seen |= {one.body for one in await deliveries.pull(SAGA, 2)}
    assert len(seen) == 2


async def are_filed(merge: Replica) -> None:
    await merge.drainer.drain()
    assert sorted(await reasons(merge)) == [(SAGA, who, "broker") for who in ("identity", "notify")]


@pytest.mark.parametrize("queue", ["notify.accounts", "nowhere"])
async def test_a_death_in_a_queue_that_is_not_ours_is_filed_as_of_the_dead_letter_queue(
    merge: Replica, queue: str
) -> None:
    death = {"queue": queue, "exchange": "identity.events", "reason": "rejected"}
    told = Delivery(0, "merge.dead", a_body(OF_IDENTITY), headers={"x-death": [death]})

    await merge.drainer.settle([told])

    assert await reasons(merge) == [("merge.dead", "", "broker")]


async def test_an_event_id_that_another_service_took_first_hides_nothing(
    merge: Replica, replicas: Replicas
) -> None:
    event_id = uuid4()
    for service, contract in (("notify", OF_NOTIFY), ("identity", OF_IDENTITY)):
        await publish_as(replicas, service, a_body(contract, event_id))
        await merge.intake.drain()

    assert len(await merge.effects()) == 2
    rows = await merge.fetch("SELECT publisher, event_id FROM inbox ORDER BY publisher")
    assert rows == [("identity", event_id), ("notify", event_id)]


async def test_what_a_release_before_has_taken_is_a_duplicate_whoever_published_it(
    merge: Replica, replicas: Replicas
) -> None:
    event_id = uuid4()
    async with merge.database.connection() as connection:
        await connection.execute(
            "INSERT INTO inbox (consumer, event_id, received_at) VALUES ($1, $2, $3)",
            SAGA,
            event_id,
            replicas.clock.now(),
        )

    await merge.intake.settle([delivered(a_body(OF_IDENTITY, event_id))])

    assert await merge.effects() == []
    assert merge.metrics.value("consumer_messages", queue=SAGA, outcome="duplicate") == 1


@pytest.mark.parametrize(
    ("service", "heard"), [("identity", True), ("notify", False)], ids=["owner", "another"]
)
async def test_one_that_names_no_user_is_of_who_alone_may_write_to_its_exchange(
    merge: Replica, replicas: Replicas, service: str, heard: bool
) -> None:
    await publish_as(replicas, service, a_body(OF_IDENTITY), user_id=None, headers=FORGED)

    await merge.intake.drain()

    assert len(await merge.effects()) == heard
    assert await reasons(merge) == ([] if heard else [(SAGA, "notify", "wrong_publisher")])


@pytest.mark.parametrize("exchange", ["", "merge.dead", "identity.dead", "elsewhere.events"])
async def test_one_that_names_no_user_and_came_another_way_is_nobodys(
    merge: Replica, replicas: Replicas, exchange: str
) -> None:
    url = replicas.vhost.administrator_url
    async with channel(url) as opened:
        if exchange:
            await opened.exchange_declare(exchange, exchange_type="fanout", durable=True)
            await opened.queue_bind(SAGA, exchange, "")
        try:
            await opened.basic_publish(
                a_body(OF_IDENTITY),
                exchange=exchange,
                routing_key=SAGA,
                properties=aiormq.spec.Basic.Properties(content_type=CONTENT_TYPE),
            )
        finally:
            if exchange:
                await opened.queue_unbind(SAGA, exchange, "")
            if exchange == "elsewhere.events":
                await opened.exchange_delete(exchange)
    await merge.intake.drain()

    for _ in range(2):  # as it came, and once more when it is replayed
        assert await merge.effects() == []
        assert await reasons(merge) == [(SAGA, None, "wrong_publisher")]
        async with merge.database.connection() as tx:
            await replay(tx, ids=None, now=replicas.clock.now())
        await merge.retry(SAGA)


async def test_the_same_bytes_that_another_has_sent_first_do_not_swallow_the_owners_letter(
    merge: Replica, replicas: Replicas
) -> None:
    body = a_body(replace(OF_IDENTITY, version=9))  # which nobody knows yet
    for service in ("notify", "identity"):
        await publish_as(replicas, service, body, body)
        await merge.intake.drain()

    assert await reasons(merge) == [
        (SAGA, "notify", "wrong_publisher"),
        (SAGA, "identity", "unknown_type"),
    ]


async def file_as_before(merge: Replica, replicas: Replicas, body: bytes, reason: str) -> None:
    """What a release before this one does, which may run beside it: it names no publisher."""
    async with merge.database.connection() as connection:
        await connection.execute(
            "INSERT INTO dead_letters (consumer, exchange, body, taken, reason, detail, attempts,"
            " died_at) VALUES ($1, 'identity.events', $2, false, $3, '', 0, $4)"
            " ON CONFLICT (consumer, body_digest) DO NOTHING",
            SAGA,
            body,
            reason,
            replicas.clock.now(),
        )


@pytest.mark.parametrize(("reason", "heard"), [("exhausted", True), ("broker", False)])
async def test_what_a_release_before_has_filed_goes_by_its_exchange_but_not_by_a_deaths(
    merge: Replica, replicas: Replicas, reason: str, heard: bool
) -> None:
    body = a_body(OF_IDENTITY)
    for _ in range(2):
        await file_as_before(merge, replicas, body, reason)
    assert await reasons(merge) == [(SAGA, None, reason)]

    async with merge.database.connection() as tx:
        await replay(tx, ids=None, now=replicas.clock.now())
    await merge.retry(SAGA)

    assert len(await merge.effects()) == heard
    assert await reasons(merge) == ([] if heard else [(SAGA, "", "wrong_publisher")])


async def test_a_retry_that_a_release_before_has_kept_is_made(
    merge: Replica, replicas: Replicas
) -> None:
    async with merge.database.connection() as connection:
        await connection.execute(
            "INSERT INTO inbox_retry"
            " (consumer, exchange, body, taken, attempts, due_at, error, created_at)"
            " VALUES ($1, 'identity.events', $2, true, 1, $3, '', $3)",
            SAGA,
            a_body(OF_IDENTITY),
            replicas.clock.now(),
        )

    await merge.retry(SAGA)

    assert len(await merge.effects()) == 1
