"""The stack as `make run` has it: processes, readiness, restart, and what is written down."""

import stat
from itertools import product
from pathlib import Path

import aiohttp
import pytest

from deploy.local.addresses import StackAddresses
from shared.contracts.topology import SERVICES
from tests.support.suite import Suite


@pytest.mark.parametrize("service", SERVICES)
async def test_every_replica_is_live_and_ready(suite: Suite, service: str) -> None:
    urls = suite.addresses.services[service]
    for_operators = suite.addresses.metrics[service]

    assert len(set(urls)) == len(set(for_operators)) == 3
    pages = [
        *product(urls, ("/health/live", "/openapi.json", "/docs")),
        *product(for_operators, ("/health/live", "/health/ready", "/health/status", "/metrics")),
    ]
    async with aiohttp.ClientSession() as session:
        for url, path in pages:
            async with session.get(url + path) as reply:
                assert reply.status == 200, await reply.text()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_killed_replica_comes_back(suite: Suite, service: str) -> None:
    suite.kill(service, 1)

    await suite.restart(service, 1)

    assert suite.stack.programs[f"{service}-2"].process.poll() is None


def test_addresses_are_for_their_owner_only_and_come_back_whole(
    suite: Suite, tmp_path: Path
) -> None:
    file = tmp_path / "stack.json"

    suite.addresses.save(file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert StackAddresses.load(file) == suite.addresses
    assert suite.addresses.practice.client_secret not in repr(suite.addresses)
