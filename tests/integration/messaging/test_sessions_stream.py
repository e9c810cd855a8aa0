"""The stream of ended sessions, from identity's outbox to another service's replica (SE-1)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast
from uuid import uuid4

import aio_pika
import aiormq
import msgspec
import pytest
import pytest_asyncio

from deploy.client.eventually import eventually
from shared.clock import TRUSTED_ROUND_TRIP, DatabaseClock
from shared.contracts.ids import SessionId
from shared.contracts.sessions import Beat, SessionEntry
from shared.contracts.topology import SERVICES, SESSIONS
from shared.messaging.beats import Beats
from shared.messaging.broker import Broker, Deliveries, Publisher, underlying
from shared.messaging.messages import Outcome, Outgoing
from shared.metrics import Metrics
from shared.randomness import Randomness
from shared.trust.ended_sessions import EndedSessions
from tests.integration.messaging.conftest import Replica, Replicas
from tests.support.proxy import proxied

RACES = 150

pytestmark = pytest.mark.proves("SE-1")


@asynccontextmanager
async def reading(replicas: Replicas, *, url: str | None = None) -> AsyncIterator[EndedSessions]:
    """A replica of notify that reads the stream with notify's own rights."""
    broker = Broker(url or replicas.vhost.url("notify"), name="test notify")
    ended = EndedSessions(
        broker=broker, clock=replicas.clock, metrics=Metrics(), randomness=Randomness()
    )
    task = asyncio.create_task(ended.run())
    try:
        yield ended
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await broker.close()


@pytest_asyncio.fixture
async def ended(replicas: Replicas) -> AsyncIterator[EndedSessions]:
    async with reading(replicas) as opened:
        yield opened


async def end(identity: Replica) -> SessionId:
    """Commit the end of a session."""
    session_id = SessionId(uuid4())
    async with identity.database.transaction() as tx:
        entry = SessionEntry(session_id=session_id, not_before=None)
        outbox = identity.bus.outbox
        await outbox.write(tx, [outbox.ended_session(entry)])
    return session_id


async def relay(identity: Replica) -> None:
    await identity.messaging.relays[1].once()


def beats(identity: Replica) -> Beats:
    return Beats(
        stream=SESSIONS,
        database=identity.database,
        publisher=identity.bus.broker.publisher(),
        clock=identity.bus.clock,
        randomness=identity.bus.randomness,
    )


def knows(ended: EndedSessions, session_id: SessionId, now: datetime) -> None:
    assert ended.is_void(session_id, now)


def is_fresh(ended: EndedSessions) -> None:
    assert ended.fresh()


@pytest.mark.parametrize("service", SERVICES)
async def test_who_owns_the_stream_alone_relays_it_and_beats(
    replicas: Replicas, service: str
) -> None:
    replica = await replicas.of(service)
    messaging = replica.messaging
    owner = service == "identity"

    exchanges = [relay.exchange for relay in messaging.relays]
    assert exchanges == [f"{service}.events", *([SESSIONS] if owner else [])]
    assert any(loop.name == "beats" for loop in messaging.loops) is owner
    entry = SessionEntry(session_id=SessionId(uuid4()), not_before=None)
    refused = nullcontext() if owner else pytest.raises(ValueError, match="to write")
    with refused:
        replica.bus.outbox.ended_session(entry)


async def test_an_ended_session_is_known_to_another_service_with_the_read_right_alone(
    identity: Replica, ended: EndedSessions, replicas: Replicas
) -> None:
    session_id = await end(identity)
    await relay(identity)
    await beats(identity).once()

    await eventually(lambda: is_fresh(ended))
    knows(ended, session_id, replicas.clock.now())


async def test_a_replica_that_starts_later_reads_what_ended_before_it(
    identity: Replica, replicas: Replicas
) -> None:
    session_id = await end(identity)
    await relay(identity)
    await beats(identity).once()

    async with reading(replicas) as ended:
        await eventually(lambda: is_fresh(ended))
        knows(ended, session_id, replicas.clock.now())


async def test_what_ended_while_a_replica_was_cut_off_is_read_at_its_reconnect(
    identity: Replica, replicas: Replicas
) -> None:
    url = replicas.vhost.url("notify")
    async with proxied(url) as proxy, reading(replicas, url=proxy.url(url)) as ended:
        await beats(identity).once()
        await eventually(lambda: is_fresh(ended))

        proxy.cut()
        session_id = await end(identity)
        await relay(identity)
        proxy.restore()

        await eventually(lambda: knows(ended, session_id, replicas.clock.now()))


async def test_what_is_written_while_a_reader_begins_is_not_passed_over(
    replicas: Replicas,
) -> None:
    """RabbitMQ begins behind it, now and then, where a reader asks from a time on."""
    writing, reading_on = [
        await aio_pika.connect(replicas.vhost.administrator_url) for _ in range(2)
    ]
    async with writing, reading_on:
        for number in range(RACES):
            writer = await underlying(await writing.channel())
            reader = await underlying(await reading_on.channel(publisher_confirms=False))
            deliveries, stream = Deliveries(reader), f"race{number}"
            await writer.queue_declare(stream, durable=True, arguments={"x-queue-type": "stream"})

            await asyncio.gather(
                deliveries.start(stream, prefetch=1, stream=True),
                write(writer, stream, after=0.006 * number / RACES),
            )

            async with asyncio.timeout(3):
                assert [one.body for one in await deliveries.batch(1)] == [b"entry"]
            await reader.close()
            await writer.queue_delete(stream)
            await writer.close()


async def write(writer: aiormq.Channel, stream: str, *, after: float) -> None:
    await asyncio.sleep(after)
    await writer.basic_publish(b"entry", routing_key=stream)


async def test_two_seconds_without_a_beat_are_stale_and_the_next_beat_mends_it(
    identity: Replica, ended: EndedSessions, replicas: Replicas
) -> None:
    await beats(identity).once()
    await eventually(lambda: is_fresh(ended))

    replicas.clock.advance(seconds=2)
    assert not ended.fresh()

    await beats(identity).once()
    await eventually(lambda: is_fresh(ended))


async def test_a_beat_is_held_back_while_an_entry_committed_before_it_is_unsent(
    identity: Replica, ended: EndedSessions, replicas: Replicas
) -> None:
    session_id = await end(identity)
    await beats(identity).once()
    assert not ended.fresh()

    await asyncio.gather(beats(identity).once(), relay(identity))

    await eventually(lambda: is_fresh(ended))
    knows(ended, session_id, replicas.clock.now())


async def test_entries_that_keep_coming_do_not_hold_back_a_beat(
    identity: Replica, ended: EndedSessions
) -> None:
    await end(identity)
    beat = asyncio.create_task(beats(identity).once())
    while not beat.done():
        await relay(identity)
        await end(identity)

    await beat
    await eventually(lambda: is_fresh(ended))


async def test_another_than_identity_is_not_heard_on_the_stream(
    identity: Replica, replicas: Replicas
) -> None:
    intruder = Broker(replicas.vhost.administrator_url, name="test intruder")
    try:
        foreign = Beats(
            stream=SESSIONS,
            database=identity.database,
            publisher=intruder.publisher(),
            clock=replicas.clock,
            randomness=identity.bus.randomness,
        )
        async with reading(replicas) as ended:
            await foreign.once()
            session_id = await end(identity)
            await relay(identity)
            await eventually(lambda: knows(ended, session_id, replicas.clock.now()))

            assert not ended.fresh()
            assert ended.metrics.value("sessions_entries", kind="wrong_publisher") == 1
    finally:
        await intruder.close()


async def test_entries_of_a_release_before_which_named_no_user_are_identitys(
    identity: Replica, ended: EndedSessions, replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.messaging.broker.send", send_without_a_user)
    session_id = await end(identity)
    await relay(identity)
    await beats(identity).once()

    await eventually(lambda: is_fresh(ended))
    knows(ended, session_id, replicas.clock.now())
    assert ended.metrics.value("sessions_entries", kind="wrong_publisher") == 0


async def send_without_a_user(channel: aiormq.Channel, message: Outgoing) -> None:
    await channel.basic_publish(
        message.body,
        exchange=message.exchange,
        routing_key=message.routing_key,
        properties=aiormq.spec.Basic.Properties(message_id=message.message_id, delivery_mode=2),
        mandatory=True,
    )


async def test_a_stream_that_is_made_anew_is_read_again(
    identity: Replica, ended: EndedSessions, replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.messaging.broker.LOOK_EVERY", 0.5)
    await beats(identity).once()
    await eventually(lambda: is_fresh(ended))

    await replicas.vhost.purge()
    session_id = await end(identity)
    await relay(identity)

    await eventually(lambda: knows(ended, session_id, replicas.clock.now()))


async def test_after_a_reconnect_nothing_is_fresh_before_a_beat_that_is_read_on_it(
    identity: Replica, replicas: Replicas
) -> None:
    url = replicas.vhost.url("notify")
    async with proxied(url) as proxy, reading(replicas, url=proxy.url(url)) as ended:
        session_id = await end(identity)
        await relay(identity)
        await eventually(lambda: knows(ended, session_id, replicas.clock.now()))
        ended.take(Beat(at=replicas.clock.unshifted()))  # which the stream does not have
        assert ended.fresh()

        proxy.cut()
        proxy.restore()
        await eventually(lambda: is_stale(ended))

        await beats(identity).once()
        await eventually(lambda: is_fresh(ended))


async def test_no_beat_comes_from_a_clock_that_is_not_measured(
    identity: Replica, replicas: Replicas
) -> None:
    ahead = DatabaseClock(
        identity.database.time,
        machine=lambda: (replicas.clock.unshifted() + timedelta(minutes=10)).timestamp(),
    )
    publisher = Told()
    unmeasured = Beats(
        stream=SESSIONS,
        database=identity.database,
        publisher=cast(Publisher, publisher),
        clock=ahead,
        randomness=identity.bus.randomness,
    )

    await unmeasured.once()
    assert publisher.beats == []

    await ahead.once()
    await unmeasured.once()
    [beat] = publisher.beats
    assert beat.at <= await identity.database.time() + timedelta(seconds=TRUSTED_ROUND_TRIP)


@dataclass(slots=True)
class Told:
    """A publisher that keeps what it is given."""

    beats: list[Beat] = field(default_factory=list)

    async def publish(self, messages: Sequence[Outgoing]) -> list[Outcome]:
        self.beats += [msgspec.json.decode(one.body, type=Beat) for one in messages]
        return [Outcome.CONFIRMED for _ in messages]


def is_stale(ended: EndedSessions) -> None:
    assert not ended.fresh()
