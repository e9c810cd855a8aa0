"""Provisioning again, and at the same time as another run."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from yarl import URL

from deploy.local import postgres
from deploy.local.kept_secrets import KeptSecrets
from deploy.local.processes import Run
from deploy.local.provision import (
    OPERATORS,
    ROLES,
    connected,
    connection_limits,
    drop_database,
    provision_broker,
    provision_database,
    provision_roles,
)
from deploy.local.servers import Servers, Source
from shared.contracts.topology import SERVICES
from shared.settings.loader import describe
from shared.settings.service import ServiceSettings
from tests.support.broker import Broker
from tests.support.database import Database
from tests.support.infra import FOLDER
from tests.support.proof import ROOT


async def test_runs_at_the_same_time_agree_on_the_passwords_of_shared_roles(
    servers: Servers, database: Database
) -> None:
    await asyncio.gather(*(provision_roles(servers) for _ in range(4)))

    async with database.connection("identity"):
        pass


async def test_a_database_provisioned_again_keeps_what_is_in_it_and_compares_names_by_their_bytes(
    servers: Servers, run_id: str
) -> None:
    name = f"portico_{run_id}_again"
    try:
        access = await provision_database(servers, name)
        async with connected(access.migration_url("identity")) as owner:
            await owner.execute("CREATE TABLE mine (id integer)")

        again = await provision_database(servers, name)

        async with connected(again.migration_url("identity")) as owner:
            assert await owner.fetchval("SELECT count(*) FROM mine") == 0
            [found] = await owner.fetch(
                "SELECT pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database"
                " WHERE datname = current_database()"
            )
        assert tuple(found) == ("UTF8", "C", "C")  # whatever the server's locale is
    finally:
        await drop_database(servers, name)


async def test_a_user_put_again_by_another_run_is_the_same(
    servers: Servers, broker: Broker
) -> None:
    before = await broker.management.get("/api/users/identity")

    await provision_broker(servers, broker.vhost)

    assert await broker.management.get("/api/users/identity") == before


# ---- on a server of their own: what is changed here belongs to a whole server


@pytest_asyncio.fixture
async def deployed(tmp_path: Path) -> AsyncIterator[Servers]:
    """A PostgreSQL as a deployment's would be, in no locale of ours; the broker is not used."""
    if postgres.find() is None:
        pytest.skip("PostgreSQL's programs are not installed on this machine")
    run = Run(FOLDER)
    try:
        url = await postgres.start(run, environ={"PATH": os.defpath}, durable=False)
        yield Servers(
            source=Source.URLS,
            postgres_url=url,
            amqp_url="amqp://nobody:nothing@127.0.0.1:9/",
            management_url="http://nobody:nothing@127.0.0.1:9",
            postgres_version="",
            rabbitmq_version="",
        )
    finally:
        await run.stop()


async def test_another_password_of_the_administrator_changes_nothing_for_the_services(
    deployed: Servers, tmp_path: Path
) -> None:
    secrets = KeptSecrets(tmp_path / "secrets")
    before = await provision_database(deployed, "portico", secrets)
    async with connected(deployed.postgres_url) as administrator:
        await administrator.execute("ALTER ROLE portico_admin PASSWORD 'another'")
    url = str(URL(deployed.postgres_url).with_password("another"))

    after = await provision_database(replace(deployed, postgres_url=url), "portico", secrets)

    for service in SERVICES:
        assert after.url(service) == before.url(service)
        async with connected(before.url(service)), connected(before.migration_url(service)):
            pass


async def test_no_role_can_take_the_connections_that_another_one_needs(
    deployed: Servers, tmp_path: Path
) -> None:
    secrets = KeptSecrets(tmp_path / "secrets")
    access = await provision_database(deployed, "portico", secrets, bounded=True)
    limits = connection_limits(postgres.CONNECTIONS)

    async with AsyncExitStack() as greedy:
        for _ in range(limits["notify"]):
            await greedy.enter_async_context(connected(access.url("notify")))
        with pytest.raises(asyncpg.TooManyConnectionsError):
            await greedy.enter_async_context(connected(access.url("notify")))

        async with connected(access.url("identity")), connected(access.migration_url("identity")):
            pass


@pytest.mark.parametrize("max_connections", [100, 300, 450])
def test_all_roles_together_leave_connections_to_the_operators(max_connections: int) -> None:
    limits = connection_limits(max_connections)

    assert set(limits) == set(ROLES)
    assert sum(limits.values()) <= max_connections - OPERATORS
    assert min(limits.values()) > 0


def test_a_deployments_server_has_connections_for_nine_replicas_of_each_service() -> None:
    [max_connections] = re.findall(
        r"max_connections=(\d+)", (ROOT / "deploy" / "compose.yaml").read_text()
    )
    [pool] = [
        int(row.default) for row in describe(ServiceSettings) if row.name == "PORTICO_POOL_SIZE"
    ]

    assert connection_limits(int(max_connections))["identity"] > 9 * pool
