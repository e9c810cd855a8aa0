"""Provisioning again, and at the same time as another run."""

import asyncio

import asyncpg

from deploy.local.provision import (
    drop_database,
    provision_broker,
    provision_database,
    provision_roles,
)
from deploy.local.servers import Servers
from tests.support.broker import Broker
from tests.support.database import Database


async def test_runs_at_the_same_time_agree_on_the_passwords_of_shared_roles(
    servers: Servers, database: Database
) -> None:
    before = database.url("identity")

    await asyncio.gather(*(provision_roles(servers) for _ in range(4)))

    await (await asyncpg.connect(before)).close()


async def test_a_database_provisioned_again_keeps_what_is_in_it(
    servers: Servers, run_id: str
) -> None:
    name = f"portico_{run_id}_again"
    access = await provision_database(servers, name)
    owner = await asyncpg.connect(access.migration_url("identity"))
    await owner.execute("CREATE TABLE mine (id integer)")
    await owner.close()

    again = await provision_database(servers, name)

    owner = await asyncpg.connect(again.migration_url("identity"))
    assert await owner.fetchval("SELECT count(*) FROM mine") == 0
    await owner.close()
    await drop_database(servers, name)


async def test_a_user_put_again_by_another_run_is_the_same_user(
    servers: Servers, broker: Broker
) -> None:
    before = await broker.management.get("/api/users/identity")

    await provision_broker(servers, broker.vhost)

    assert await broker.management.get("/api/users/identity") == before
