"""One stack for the whole run, on servers of its own, and a ledger for each test."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.conftest import told_at_once
from tests.fault.ledger import Ledger
from tests.fault.people import Person
from tests.fault.rig import Rig, rigged
from tests.fault.servers import OwnServers, own_servers
from tests.support.balancer import installed
from tests.support.infra import one_at_a_time

SECONDS = 300  # of a test: the first one brings everything up


def pytest_itemcollected(item: pytest.Item) -> None:
    item.add_marker(pytest.mark.timeout(SECONDS))


@pytest_asyncio.fixture(scope="package")
async def killable(request: pytest.FixtureRequest) -> AsyncIterator[OwnServers]:
    """PostgreSQL and RabbitMQ that nobody else uses; never skipped."""
    async with own_servers(os.environ, told_at_once(request.config)) as found:
        yield found


@pytest.fixture(scope="session")
def haproxy(request: pytest.FixtureRequest) -> Path:
    """The balancer's program; never skipped."""
    with one_at_a_time("haproxy"):
        return asyncio.run(installed(os.environ, told_at_once(request.config)))


@pytest_asyncio.fixture(scope="package")
async def the_rig(
    request: pytest.FixtureRequest,
    killable: OwnServers,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Rig]:
    """The stack, brought up once."""
    async with rigged(
        killable,
        tmp_path_factory.mktemp("fault"),
        environ=os.environ,
        say=told_at_once(request.config),
    ) as rig:
        yield rig


@pytest_asyncio.fixture
async def rig(the_rig: Rig) -> AsyncIterator[Rig]:
    """The stack, whole again after each test."""
    yield the_rig
    await the_rig.mend()


@pytest.fixture
def ledger(rig: Rig) -> Ledger:
    """What this test is promised."""
    return rig.ledger()


@pytest_asyncio.fixture
async def person(rig: Rig, ledger: Ledger) -> Person:
    """Somebody with an account and a verified address."""
    made = rig.person(ledger)
    await made.is_ready()
    return made
