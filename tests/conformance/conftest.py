"""The stage of the verb that a test is about."""

import importlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.conformance.stage import Stage
from tests.conformance.verbs import Verb
from tests.support.clock import FakeClock
from tests.support.database import Database


@pytest_asyncio.fixture
async def stage(
    request: pytest.FixtureRequest, database: Database, clock: FakeClock
) -> AsyncIterator[Stage]:
    """The verb's service, on a database of the test's own."""
    verb: Verb = request.getfixturevalue("verb")
    module: Any = importlib.import_module(f"tests.conformance.examples.{verb.service}")
    async with module.opened(database, clock) as found:
        yield found
