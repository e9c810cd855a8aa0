"""What a killed run left on servers that stay."""

from datetime import timedelta

import pytest

from deploy.local.provision import connected, provision_broker, provision_database
from deploy.local.servers import Servers
from shared.messaging.management import Management
from tests.support.infra import new_run_id
from tests.support.leftovers import drop_leftovers, real_time, sign


async def left(servers: Servers, *, age: timedelta | None) -> str:
    """Make what a run has: a template, a copy of it and a vhost; return its id."""
    run_id = new_run_id()
    for name in (f"portico_{run_id}", f"portico_{run_id}_0"):
        await provision_database(servers, name)
    if age is not None:
        await sign(servers, f"portico_{run_id}", begun=real_time() - age)
    await provision_broker(servers, f"portico-{run_id}")
    return run_id


async def of_run(servers: Servers, run_id: str) -> set[str]:
    """Return what is there of a run, databases and vhosts."""
    async with connected(servers.postgres_url) as connection:
        rows = await connection.fetch("SELECT datname FROM pg_database")
    async with Management(servers.management_url) as management:
        vhosts = await management.get("/api/vhosts")
    names = {row["datname"] for row in rows} | {vhost["name"] for vhost in vhosts}
    return {name for name in names if run_id in name}


async def test_what_a_run_left_a_day_ago_is_dropped_whole(servers: Servers) -> None:
    run_id = await left(servers, age=timedelta(days=1, minutes=1))
    assert len(await of_run(servers, run_id)) == 3

    await drop_leftovers(servers, now=real_time())

    assert await of_run(servers, run_id) == set()


@pytest.mark.parametrize("age", [timedelta(hours=23, minutes=59), None])
async def test_what_is_younger_or_without_a_sign_is_left_alone(
    servers: Servers, age: timedelta | None
) -> None:
    run_id = await left(servers, age=age)

    await drop_leftovers(servers, now=real_time())

    assert len(await of_run(servers, run_id)) == 3
    await sign(servers, f"portico_{run_id}", begun=real_time() - timedelta(days=2))
    await drop_leftovers(servers, now=real_time())
