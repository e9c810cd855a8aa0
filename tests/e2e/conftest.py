"""The stack of this run, and a person on it, seen through the gateway."""

import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from rich.console import Console

from deploy.client.gateway import Gateway
from deploy.client.mailbox import Mailbox
from deploy.local.servers import Servers
from deploy.tour.person import Person
from deploy.tour.stage import Stage
from tests.conftest import told_at_once
from tests.support.suite import Suite, running_suite

SECONDS = 300  # of a test: the first one brings everything up


def pytest_itemcollected(item: pytest.Item) -> None:
    item.add_marker(pytest.mark.timeout(SECONDS))


@pytest_asyncio.fixture(scope="package")
async def suite(
    request: pytest.FixtureRequest,
    servers: Servers,
    run_id: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Suite]:
    """The four services as processes, brought up as `make run` does, once for all tests."""
    async with running_suite(
        servers,
        f"portico_{run_id}_suite",
        tmp_path_factory.mktemp("suite"),
        environ=os.environ,
        say=told_at_once(request.config),
    ) as running:
        yield running


@pytest_asyncio.fixture
async def stage(suite: Suite) -> AsyncIterator[Stage]:
    """A gateway that has met every replica, and goes round them."""
    addresses = suite.addresses
    async with Gateway(addresses.services) as gateway, Mailbox(addresses.mails) as mailbox:
        yield Stage(stack=addresses, gateway=gateway, mailbox=mailbox, console=Console(quiet=True))


@pytest.fixture
def person(stage: Stage) -> Person:
    return Person.met_for_the_first_time(stage.randomness)
