"""Fixtures of the plumbing's tests."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.support.lines import Lines, logged
from tests.support.shop import Stall, open_stall


@pytest.fixture
def written() -> Iterator[Lines]:
    """What is logged meanwhile, as the service `shop`."""
    with logged() as lines:
        yield lines


@pytest_asyncio.fixture
async def stall() -> AsyncIterator[Stall]:
    """The shop behind a real web server, without a database."""
    async with open_stall() as opened:
        yield opened
