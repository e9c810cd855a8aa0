"""The one door to aio-pika and aiormq, and so one piece, however long.

Each queue is consumed by a connection of its own, and each publisher has one.

They are apart because a broker short of memory or disk stops reading from connections that publish,
and acknowledgements must still get through; because whoever would consume a queue whose members
have lost their data has its whole connection closed, each time; and because a channel that has
published to a queue that is down answers nothing more, not even its closing, so it goes with its
connection, which must not take another publisher's messages along. Nothing here is "robust": a
channel that ends is thrown away with all it held, and its user opens the next one.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import cast

import aio_pika
import aiormq
from aio_pika.abc import AbstractChannel as PikaChannel
from aiormq import Channel
from aiormq.abc import DeliveredMessage
from aiormq.exceptions import (
    AMQPChannelError,
    AMQPError,
    ChannelInvalidStateError,
    DeliveryError,
    PublishError,
)
from pamqp.common import FieldTable

from shared.contracts import topology
from shared.errors import BrokerUnavailable
from shared.loops import stopped
from shared.messaging.messages import Delivery, Outcome, Outgoing

HEARTBEAT = 10  # seconds; a dead peer is noticed after 33, where the default takes 183
OPEN_SECONDS = 5.0  # for a connection, and for a channel on it
REST_SECONDS = 0.5  # after a failed connect, during which nobody tries again
PUBLISH_SECONDS = 5.0
LOOK_EVERY = 5.0  # seconds without a message, after which a consumer asks after its queue
LOOK_SECONDS = 10.0  # of which RabbitMQ itself waits five for a leader
ANSWER_SECONDS = 2.0  # for a broker that has not confirmed to show that it is there
PERSISTENT = 2


@contextmanager
def broker_errors() -> Iterator[None]:
    """Turn every way in which the broker can be away into BrokerUnavailable.

    aiormq ends pending calls of a closed connection with a CancelledError of its own; that one
    must not be taken for a cancellation of the caller.
    """
    try:
        yield
        if stopped():  # a driver's wait_for can swallow the cancellation that ends this task
            raise asyncio.CancelledError
    except (AMQPError, OSError, TimeoutError) as error:
        raise BrokerUnavailable(f"{type(error).__name__}: {error}") from error
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise BrokerUnavailable("the connection was closed") from error


class Connection(aio_pika.Connection):
    """A connection that whoever opened it closes, and never the garbage collector.

    Aio-pika's own starts a closing when it is collected, which may be where no event loop runs.
    """

    def __del__(self) -> None:
        """Leave it: what has no transport needs no closing, and a transport closes itself."""


class Line:
    """One connection to the broker, opened by whoever needs it first and replaced when it ends."""

    def __init__(self, url: str, name: str, tls: ssl.SSLContext | None = None) -> None:
        self._url = url
        self._name = name
        self._tls = tls  # of an amqps URL; None: the driver's own, with the system's authorities
        self._lock = asyncio.Lock()
        self._connection: aio_pika.abc.AbstractConnection | None = None
        self._rest_until = float("-inf")
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def connected(self) -> bool:
        """Whether the connection is up, as far as is known without asking."""
        return self._connection is not None and self._connection.connected.is_set()

    async def channel(self, *, confirms: bool) -> PikaChannel:
        """Open a channel. A connection on which that takes too long is thrown away."""
        connection = await self._open()
        try:
            with broker_errors():
                async with asyncio.timeout(OPEN_SECONDS):
                    opened = connection.channel(
                        publisher_confirms=confirms, on_return_raises=confirms
                    )
                    await opened.initialize()
                    return opened
        except BrokerUnavailable:
            self.drop(connection)
            raise

    async def ping(self) -> None:
        """Raise BrokerUnavailable unless connected, trying once to be."""
        await self._open()

    def drop(self, connection: aio_pika.abc.AbstractConnection | None = None) -> None:
        """Give up the connection, in the background: a dead peer must not hold up the next one."""
        if self._connection is None or connection not in (None, self._connection):
            return
        task = asyncio.get_running_loop().create_task(close_quietly(self._connection))
        self._connection = None
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Close for good, waiting a bounded time."""
        self.drop()
        if self._closing:
            await asyncio.wait(self._closing)

    async def _open(self) -> aio_pika.abc.AbstractConnection:
        async with self._lock:
            if self._connection is not None and self._connection.connected.is_set():
                return self._connection
            if asyncio.get_running_loop().time() < self._rest_until:
                raise BrokerUnavailable("not reachable a moment ago")
            self.drop()
            try:
                with broker_errors():
                    self._connection = await aio_pika.connect(
                        self._url,
                        ssl_context=self._tls,
                        timeout=OPEN_SECONDS,
                        heartbeat=HEARTBEAT,
                        name=self._name,
                        connection_class=Connection,
                    )
            except BrokerUnavailable:
                self._rest_until = asyncio.get_running_loop().time() + REST_SECONDS
                raise
            return self._connection


async def underlying(channel: PikaChannel) -> Channel:
    """Return what aio-pika's channel wraps: there, a message costs a third less to publish."""
    return cast(Channel, await channel.get_underlay_channel())


async def close_quietly(closable: aio_pika.abc.AbstractConnection | PikaChannel) -> None:
    """Close what may be broken already, for at most two seconds."""
    with suppress(BrokerUnavailable), broker_errors():
        async with asyncio.timeout(2):
            await closable.close()


class Publisher:
    """Publishes batches on a line of its own, with confirms; unroutable messages come back."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._opened: PikaChannel | None = None
        self._channel: Channel | None = None

    async def ready(self) -> Channel:
        """Return the channel, opened anew where the last one ended. Raises BrokerUnavailable."""
        if self._channel is None or self._channel.is_closed:
            self._opened = await self._line.channel(confirms=True)
            self._channel = await underlying(self._opened)
        return self._channel

    async def publish(
        self, messages: Sequence[Outgoing], *, within: float = PUBLISH_SECONDS
    ) -> list[Outcome]:
        """Publish all together and judge each confirm by itself, in the order given.

        Where one goes to a queue that is down, those beside it may be unconfirmed as well.
        """
        channel = await self.ready()
        return await self._outcomes([(channel, message) for message in messages], within)

    async def publish_apart(
        self, messages: Sequence[Outgoing], *, within: float = PUBLISH_SECONDS
    ) -> list[Outcome]:
        """Publish each on a channel of its own: then none is held up by what another meets."""
        if not messages:
            return []
        opened = [await self._line.channel(confirms=True) for _ in messages]
        channels = [await underlying(one) for one in opened]
        outcomes = await self._outcomes(list(zip(channels, messages, strict=True)), within)
        if Outcome.UNCONFIRMED not in outcomes and Outcome.AWAY not in outcomes:
            for one in opened:
                await close_quietly(one)
        return outcomes

    async def close(self) -> None:
        """Close its connection."""
        self._opened = self._channel = None
        await self._line.close()

    async def _outcomes(
        self, sent: Sequence[tuple[Channel, Outgoing]], within: float
    ) -> list[Outcome]:
        """Send, and wait a bounded time; then the connection is thrown away with what is late.

        A confirm that came later would be taken for another message's.
        """
        tasks = [asyncio.ensure_future(send(channel, message)) for channel, message in sent]
        try:
            _, late = await asyncio.wait(tasks, timeout=within)
        finally:
            for task in tasks:
                task.cancel()
        if not late:
            return [judge(task) for task in tasks]
        unconfirmed = Outcome.UNCONFIRMED if await self._answers() else Outcome.AWAY
        self._opened = self._channel = None
        self._line.drop()
        await asyncio.wait(late, timeout=1)
        return [unconfirmed if task in late else judge(task) for task in tasks]

    async def _answers(self) -> bool:
        """Whether the broker opens a channel, though confirms do not come: then a queue fails.

        One that is down confirms nothing for as long as it is, and its channel is stuck with it.
        """
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._line.channel(confirms=False)
        except (BrokerUnavailable, TimeoutError):
            return False
        return True


async def send(channel: Channel, message: Outgoing) -> None:
    """Publish one message and wait for its confirm, but not for the socket.

    It names the connection's own user. The broker refuses any other, so a reader may believe it.
    """
    await channel.basic_publish(
        message.body,
        exchange=message.exchange,
        routing_key=message.routing_key,
        properties=aiormq.spec.Basic.Properties(
            content_type=message.content_type,
            delivery_mode=PERSISTENT,
            message_id=message.message_id,
            user_id=channel.connection.url.user,
        ),
        mandatory=True,
        wait=False,
    )


def judge(task: "asyncio.Task[None]") -> Outcome:
    """Say what became of a message from how its publishing ended."""
    if not task.done() or task.cancelled():
        return Outcome.AWAY
    match task.exception():
        case None:
            return Outcome.CONFIRMED
        case PublishError():
            return Outcome.RETURNED
        case DeliveryError():
            return Outcome.NACKED
        case ChannelInvalidStateError():
            return Outcome.AWAY  # the channel had ended before: it was never sent
        case AMQPChannelError():
            return Outcome.CLOSED
        case _:
            return Outcome.AWAY


class Deliveries:
    """What one channel has been handed; it ends with the channel, and then all of it is stale."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._waiting: deque[Delivery] = deque()
        self._arrived = asyncio.Event()
        self._queue = ""
        self._of_a_stream = False
        self._lost = False  # the queue was seen without a consumer, though this one is registered
        self._tag: str | None = None
        self._over = False

    async def start(self, queue: str, *, prefetch: int, stream: bool) -> None:
        """Register as a consumer; of a stream, from the first entry that it still holds.

        From a time or from "next" would be shorter, and can pass over what is being written at that
        moment: where nothing is as young as that time, RabbitMQ begins behind the newest entry.
        """
        channel, self._queue, self._of_a_stream = self._channel, queue, stream
        channel.closing.add_done_callback(lambda _: self._arrived.set())
        channel.on_consumer_cancel_callbacks.add(self._cancelled)
        await channel.queue_declare(queue, passive=True)
        await channel.basic_qos(prefetch_count=prefetch)
        arguments: FieldTable | None = {"x-stream-offset": "first"} if stream else None
        began = await channel.basic_consume(queue, self._deliver, arguments=arguments)
        self._tag = began.consumer_tag

    async def batch(self, most: int) -> Sequence[Delivery]:
        """Wait for a message, and take up to `most` that are here; empty once `stop` has drained.

        Raises BrokerUnavailable when the channel or the consumer has ended.
        """
        await self._wait()
        if self._channel.is_closed:
            raise BrokerUnavailable("the channel was closed")
        return [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]

    async def pull(self, queue: str, most: int) -> Sequence[Delivery]:
        """Take what is there at this moment, without being registered as a consumer."""
        taken: list[Delivery] = []
        with broker_errors():
            while len(taken) < most:
                async with asyncio.timeout(OPEN_SECONDS):
                    message = await self._channel.basic_get(queue)
                if message.delivery_tag is None:
                    break
                taken.append(received(message))
        return taken

    async def ack(self, batch: Sequence[Delivery]) -> None:
        """Acknowledge a batch and all before it, in one frame. Raises BrokerUnavailable."""
        with broker_errors():
            await self._channel.basic_ack(batch[-1].tag, multiple=True, wait=False)

    async def stop(self) -> None:
        """Take in no more; what was handed over stays unacknowledged until it is worked."""
        if self._tag is None or self._over:
            return
        self._over = True
        with broker_errors():
            async with asyncio.timeout(OPEN_SECONDS):
                await self._channel.basic_cancel(self._tag)

    async def _wait(self) -> None:
        while not self._waiting:
            if self._channel.is_closed:
                raise BrokerUnavailable("the channel was closed")
            if self._over:
                return
            self._arrived.clear()
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    await self._arrived.wait()
            except TimeoutError:
                await self._look()

    async def _look(self) -> None:
        """Raise BrokerUnavailable where the queue was made anew, which nobody else tells.

        One that has no member up has no consumers either. Only once it lives again, by another
        consumer or a message, is it consumed anew: one that does not ends the whole connection.
        A stream says neither, but has a beat each second: quiet, it is read anew.
        """
        with broker_errors():
            async with asyncio.timeout(LOOK_SECONDS):
                found = await self._channel.queue_declare(self._queue, passive=True)
        self._lost = self._lost or not found.consumer_count
        if self._of_a_stream or (self._lost and (found.consumer_count or found.message_count)):
            raise BrokerUnavailable(f"{self._queue} is quiet, or was made anew")

    async def _deliver(self, message: DeliveredMessage) -> None:
        self._waiting.append(received(message))
        self._arrived.set()

    def _cancelled(self, _: object) -> None:
        self._over = True  # the queue was deleted, or its leader moved: consume anew
        self._arrived.set()


def received(message: DeliveredMessage) -> Delivery:
    """Keep of a message what consumers read.

    A release before this one named no user: then it is who alone may write to its exchange.
    """
    properties, exchange = message.header.properties, message.exchange or ""
    return Delivery(
        message.delivery_tag or 0,
        exchange,
        message.body,
        publisher=properties.user_id or topology.owner(exchange),
        routing_key=message.routing_key or "",
        content_type=properties.content_type,
        headers=properties.headers or {},
    )


class Broker:
    """RabbitMQ, as this process sees it. Made while the broker is away, it connects later."""

    def __init__(self, url: str, *, name: str, tls: ssl.SSLContext | None = None) -> None:
        self._url = url
        self._name = name
        self._tls = tls
        self._publishing: list[Line] = []
        self._on_need: list[Line] = []
        self._consuming: dict[str, Line] = {}  # by queue
        self._others = self._line("pull")

    @property
    def connected(self) -> bool:
        """Whether every lasting connection is up, as far as is known without asking."""
        return all(line.connected for line in self._lasting())

    async def ping(self) -> None:
        """Raise BrokerUnavailable unless every lasting one is up, trying once to open them."""
        for line in self._lasting():
            await line.ping()

    def publisher(self, *, on_need: bool = False) -> Publisher:
        """Return a publisher with a connection of its own; relays never share one.

        `on_need`: it is not missed while nobody publishes by it.
        """
        line = self._line("publish")
        (self._on_need if on_need else self._publishing).append(line)
        return Publisher(line)

    @asynccontextmanager
    async def consume(
        self, queue: str, *, prefetch: int, stream: bool = False
    ) -> AsyncIterator[Deliveries]:
        """Consume a queue that must exist; leaving hands back what was not acknowledged."""
        if queue not in self._consuming:
            self._consuming[queue] = self._line(f"consume {queue}")
        async with deliveries_by(self._consuming[queue]) as deliveries:
            with broker_errors():
                async with asyncio.timeout(OPEN_SECONDS):
                    await deliveries.start(queue, prefetch=prefetch, stream=stream)
            yield deliveries

    @asynccontextmanager
    async def pull(self) -> AsyncIterator[Deliveries]:
        """Open a channel to take what is there: for tests, which must know when it is over."""
        async with deliveries_by(self._others) as deliveries:
            yield deliveries

    async def close(self) -> None:
        """Close every connection."""
        consuming = self._consuming.values()
        every = (*consuming, self._others, *self._publishing, *self._on_need)
        await asyncio.gather(*(line.close() for line in every))

    def _lasting(self) -> Sequence[Line]:
        """Return those that are missed when they are away; where nothing goes on, any one."""
        return (*self._publishing, *self._consuming.values()) or (self._others,)

    def _line(self, purpose: str) -> Line:
        return Line(self._url, f"{self._name}: {purpose}", self._tls)


@asynccontextmanager
async def deliveries_by(line: Line) -> AsyncIterator[Deliveries]:
    """Open a channel to be handed messages by."""
    opened = await line.channel(confirms=False)
    try:
        yield Deliveries(await underlying(opened))
    finally:
        await close_quietly(opened)
