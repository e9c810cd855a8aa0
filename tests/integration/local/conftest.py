"""The balancer's program, for tests that play its shipped set-up."""

import asyncio
import os
from pathlib import Path

import pytest

from deploy.local.errors import SourceUnavailable
from tests.conftest import told_at_once
from tests.support.balancer import installed
from tests.support.infra import one_at_a_time


@pytest.fixture(scope="session")
def haproxy(request: pytest.FixtureRequest) -> Path:
    """HAProxy, installed as a server would be."""
    try:
        with one_at_a_time("haproxy"):
            return asyncio.run(installed(os.environ, told_at_once(request.config)))
    except SourceUnavailable as problem:
        pytest.skip(str(problem))
