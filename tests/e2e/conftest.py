"""A person on the stack of this run, seen through the gateway."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from rich.console import Console

from deploy.tour.person import Person
from deploy.tour.stage import Stage
from tests.support.clients import Gateway
from tests.support.mail import Mailbox
from tests.support.suite import Suite


@pytest_asyncio.fixture
async def stage(suite: Suite) -> AsyncIterator[Stage]:
    """A gateway that has met every replica, and goes round them."""
    addresses = suite.addresses
    async with Gateway(addresses.services) as gateway, Mailbox(addresses.mails) as mailbox:
        yield Stage(stack=addresses, gateway=gateway, mailbox=mailbox, console=Console(quiet=True))


@pytest.fixture
def person(stage: Stage) -> Person:
    return Person.met_for_the_first_time(stage.randomness)
