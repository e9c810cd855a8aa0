"""The stage of the verb that a test is about."""

import importlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio

from tests.conformance.stage import Stage
from tests.conformance.stages import Opened, Stages
from tests.conformance.verbs import Verb
from tests.rigs.replica import Caller
from tests.support.database import Template

REPLICAS = 3


@pytest_asyncio.fixture(scope="session")
async def stages(template: Template) -> AsyncIterator[Stages]:
    """The stages of this worker."""
    made = Stages(template=template)
    yield made
    await made.close()


@pytest_asyncio.fixture
async def opened(request: pytest.FixtureRequest, stages: Stages) -> Opened:
    """The stage of the verb's service, and what it stands on."""
    verb: Verb = request.getfixturevalue("verb")
    return await stages.of(verb.service)


@pytest.fixture
def stage(opened: Opened) -> Stage:
    """The verb's service, as its example needs it."""
    return opened.stage


@pytest_asyncio.fixture
async def replicas(verb: Verb, opened: Opened) -> AsyncIterator[list[Caller]]:
    """Three of the verb's service, the stage's own among them."""
    module: Any = importlib.import_module(f"tests.conformance.examples.{verb.service}")
    async with AsyncExitStack() as stack:
        others = [
            await stack.enter_async_context(module.opened(opened.database, opened.clock))
            for _ in range(REPLICAS - 1)
        ]
        yield [opened.stage.replica, *(other.replica for other in others)]
