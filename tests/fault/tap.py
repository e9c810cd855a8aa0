"""A tap on the bus: one queue more, which gets a copy of every event that is published."""

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from deploy.local.provision import BrokerAccess
from shared.contracts.envelope import CONTENT_TYPE
from shared.contracts.topology import SERVICES, exchange
from shared.errors import BrokerUnavailable
from shared.messaging.broker import Broker, Publisher
from shared.messaging.management import Management, segment
from shared.messaging.messages import Delivery, Outcome, Outgoing
from tests.support.database import PATIENCE

QUEUE = "fault.tap"
AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Published:
    """An event as it went over the bus, once or more often."""

    event_id: UUID
    routing_key: str
    exchange: str
    body: bytes


def read(delivery: Delivery) -> Published:
    envelope = json.loads(delivery.body)
    key = envelope["type"].removeprefix("portico.")
    return Published(UUID(envelope["id"]), key, delivery.exchange, delivery.body)


@dataclass(slots=True, kw_only=True)
class Tap:
    """What was published since the beginning, in the order in which each came first."""

    access: BrokerAccess
    broker: Broker
    events: dict[UUID, Published] = field(default_factory=dict)
    copies: dict[UUID, int] = field(default_factory=dict)
    publishers: dict[str, Publisher] = field(default_factory=dict)

    @classmethod
    async def into(cls, access: BrokerAccess) -> "Tap":
        """Bind the queue. It is durable: it hears what is published after the broker's end, too.

        A classic one: a quorum queue made seconds before its broker is killed may never be up
        again (RabbitMQ 3.10), and then confirms nothing, so that nobody's events go on.
        """
        vhost = segment(access.vhost)
        async with Management(access.management_url) as management:
            await management.put(
                f"/api/queues/{vhost}/{QUEUE}",
                {"durable": True, "arguments": {"x-queue-type": "classic"}},
            )
            for service in SERVICES:
                await management.post(
                    f"/api/bindings/{vhost}/e/{exchange(service)}/q/{QUEUE}", {"routing_key": "#"}
                )
        return cls(access=access, broker=Broker(access.administrator_url, name="fault tap"))

    async def drain(self) -> None:
        """Take in what was published until now. Raises AssertionError while the broker is away."""
        try:
            while await self._some():
                pass
        except BrokerUnavailable as away:
            raise AssertionError("the broker is away") from away

    async def _some(self) -> int:
        async with self.broker.pull() as deliveries:
            batch = await deliveries.pull(QUEUE, AT_ONCE)
            if batch:
                await deliveries.ack(batch)
        for delivery in batch:
            self._note(delivery)
        return len(batch)

    def _note(self, delivery: Delivery) -> None:
        event = read(delivery)
        known = self.events.setdefault(event.event_id, event)
        assert known == event, f"two different events have the id {event.event_id}"
        self.copies[event.event_id] = self.copies.get(event.event_id, 0) + 1

    @asynccontextmanager
    async def withheld(self, queue: str, event: str, publisher: str) -> AsyncIterator[None]:
        """Keep an event from a queue for a while; then hand over what it has missed."""
        vhost, key = segment(self.access.vhost), segment(event)
        binding = f"/api/bindings/{vhost}/e/{exchange(publisher)}/q/{queue}"
        await self.drain()
        before = set(self.events)
        async with Management(self.access.management_url) as management:
            await management.delete(f"{binding}/{key}")
            yield
            await management.post(binding, {"routing_key": event})
        await self.drain()
        missed = [one for one in self.events.values() if one.event_id not in before]
        await self.publish(one for one in missed if one.routing_key == event)

    async def take_over(self, queue: str) -> Sequence[Published]:
        """Take everything out of a queue whose service is not there."""
        taken: list[Published] = []
        async with self.broker.pull() as deliveries:
            while batch := await deliveries.pull(queue, AT_ONCE):
                await deliveries.ack(batch)
                taken += [read(delivery) for delivery in batch]
        return taken

    async def publish(self, events: Iterable[Published]) -> None:
        """Publish them in this order, each as its own service did."""
        try:
            for number, event in enumerate(events):
                message = Outgoing(
                    message_id=f"{event.event_id}-{number}",
                    exchange=event.exchange,
                    routing_key=event.routing_key,
                    body=event.body,
                    content_type=CONTENT_TYPE,
                )
                publisher = self._publisher(event.exchange.partition(".")[0])
                assert await publisher.publish([message], within=PATIENCE) == [Outcome.CONFIRMED]
        finally:
            for publisher in self.publishers.values():
                await publisher.close()
            self.publishers.clear()

    def _publisher(self, service: str) -> Publisher:
        """Publish as that service's own user: nobody else is believed to be it."""
        if service not in self.publishers:
            broker = Broker(self.access.url(service), name=f"fault tap as {service}")
            self.publishers[service] = broker.publisher()
        return self.publishers[service]

    async def close(self) -> None:
        await self.broker.close()
