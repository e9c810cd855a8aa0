"""The rights that RabbitMQ holds each service to."""

import aio_pika
import pytest
from aiormq.exceptions import ChannelAccessRefused

from shared.contracts.topology import SERVICES
from tests.support.broker import Broker


@pytest.mark.parametrize("service", SERVICES)
async def test_service_user_cannot_declare_anything(broker: Broker, service: str) -> None:
    async with await aio_pika.connect(broker.url(service)) as connection:
        for name in ("mine", f"{service}.mine"):
            channel = await connection.channel()
            with pytest.raises(ChannelAccessRefused):
                await channel.declare_queue(name, durable=True)
            channel = await connection.channel()
            with pytest.raises(ChannelAccessRefused):
                await channel.declare_exchange(name)


@pytest.mark.parametrize("service", SERVICES)
async def test_service_user_finds_its_own_exchange_and_queues(broker: Broker, service: str) -> None:
    async with await aio_pika.connect(broker.url(service)) as connection:
        channel = await connection.channel()

        await channel.get_exchange(f"{service}.events")
        await channel.get_queue(f"{service}.dead")
        await channel.get_queue("identity.sessions")


async def test_service_user_cannot_read_the_queue_of_another(broker: Broker) -> None:
    async with await aio_pika.connect(broker.url("merge")) as connection:
        channel = await connection.channel()
        queue = await channel.get_queue("notify.account-activity")

        with pytest.raises(ChannelAccessRefused):
            await queue.get(fail=False)


async def test_service_user_cannot_publish_as_another(broker: Broker) -> None:
    async with await aio_pika.connect(broker.url("notify")) as connection:
        for name in ("identity.events", "identity.sessions"):
            channel = await connection.channel(publisher_confirms=True)
            exchange = await channel.get_exchange(name)

            with pytest.raises(ChannelAccessRefused):
                await exchange.publish(aio_pika.Message(b"{}"), routing_key="account-changed.v1")


async def test_there_is_no_guest(broker: Broker) -> None:
    users = {user["name"] for user in await broker.management.get("/api/users")}

    assert users == {"portico_admin", *SERVICES}
