"""The rights that RabbitMQ holds each service to."""

import aio_pika
import pytest
from aio_pika.abc import AbstractConnection
from aiormq.exceptions import ChannelAccessRefused
from yarl import URL

from deploy.local.provision import TOPOLOGY, drop_vhost
from deploy.local.servers import Servers
from shared.contracts.inbox import System
from shared.contracts.topology import SERVICES
from shared.messaging.management import Management, ManagementRefused, segment
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
        await cannot_read(connection, "notify.account-activity")


async def cannot_read(connection: AbstractConnection, name: str) -> None:
    channel = await connection.channel()
    queue = await channel.get_queue(name)
    with pytest.raises(ChannelAccessRefused):
        await queue.get(fail=False)


async def cannot_publish(connection: AbstractConnection, name: str, routing_key: str) -> None:
    channel = await connection.channel(publisher_confirms=True)
    exchange = await channel.get_exchange(name, ensure=False)
    with pytest.raises(ChannelAccessRefused):
        await exchange.publish(aio_pika.Message(b"{}"), routing_key=routing_key)


async def test_service_user_cannot_publish_as_another(broker: Broker) -> None:
    async with await aio_pika.connect(broker.url("notify")) as connection:
        for name in ("identity.events", "identity.sessions"):
            await cannot_publish(connection, name, "account-changed.v1")


async def test_there_is_no_guest(broker: Broker) -> None:
    """A practice's system is a user for as long as a test beside this one has it speak."""
    names = {user["name"] for user in await broker.management.get("/api/users")}
    users = {name for name in names if System.of_user(name) is None}

    assert users == {"portico_admin", TOPOLOGY, *SERVICES}


async def test_who_runs_the_topology_verbs_is_no_administrator_and_reaches_no_other_vhost(
    broker: Broker, servers: Servers, run_id: str
) -> None:
    vhost, other = segment(broker.vhost), f"portico-{run_id}-other"
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    await broker.management.put(f"/api/vhosts/{other}", {})
    try:
        async with Management(broker.topology_url) as management:
            for path, body in (
                ("/api/users/mine", {"password": "mine", "tags": "administrator"}),
                (f"/api/users/{TOPOLOGY}", {"password": "mine", "tags": "administrator"}),
                ("/api/vhosts/mine", {}),
                (f"/api/permissions/{vhost}/{TOPOLOGY}", everything),
                (f"/api/queues/{vhost}/mine", {"durable": True}),
                (f"/api/exchanges/{other}/identity.events", {"type": "topic"}),
            ):
                with pytest.raises(ManagementRefused):
                    await management.put(path, body)
    finally:
        await drop_vhost(servers, other)


async def test_who_runs_the_topology_verbs_publishes_and_reads_nothing(broker: Broker) -> None:
    known = URL(broker.topology_url)
    url = URL(broker.administrator_url).with_user(TOPOLOGY).with_password(known.password)
    async with await aio_pika.connect(url) as connection:
        for name in (*(f"{service}.events" for service in SERVICES), ""):
            await cannot_publish(connection, name, "notify.accounts")
        for name in ("notify.account-activity", "merge.saga"):
            await cannot_read(connection, name)
