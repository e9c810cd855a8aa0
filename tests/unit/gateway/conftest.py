"""A portal whose services are away: what it does by itself."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer

from deploy.gateway.app import compose
from deploy.gateway.settings import Settings
from shared.settings.loader import load
from tests.support.clock import FakeClock
from tests.unit.gateway.settings import HOST, environment


@pytest_asyncio.fixture(scope="module")
async def portal() -> AsyncIterator["TestClient[Any, Any]"]:
    gateway = compose(load(Settings, environment()), FakeClock())
    async with TestClient(
        TestServer(gateway.portal), headers={"Host": HOST}, cookie_jar=None
    ) as client:
        yield client
    await gateway.close()
