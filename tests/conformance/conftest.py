"""The stage of the verb that a test is about."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.conformance.stage import Stage
from tests.conformance.stages import Opened, Stages
from tests.conformance.verbs import Verb
from tests.support.database import Template


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
