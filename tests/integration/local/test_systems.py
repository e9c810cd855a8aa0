"""The program that admits a practice's system to the bus, and expels it (NT-9)."""

import asyncio
import sys
from pathlib import Path

import aiormq
import pytest
from aiormq.exceptions import ChannelAccessRefused, ProbableAuthenticationError

from deploy.local.servers import AMQP_URL, MANAGEMENT_URL, POSTGRES_URL, Servers
from tests.builders.events import RANDOMNESS
from tests.support.broker import Broker
from tests.support.proof import ROOT


async def run(servers: Servers, *arguments: str) -> str:
    environ = {
        "SERVERS": "urls",
        POSTGRES_URL: servers.postgres_url,
        AMQP_URL: servers.amqp_url,
        MANAGEMENT_URL: servers.management_url,
        "PYTHONPATH": str(Path(ROOT)),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.local.systems", *arguments),
        env=environ,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    told, complaint = await process.communicate()
    assert process.returncode == 0, complaint.decode()
    return told.decode().strip()


async def say(url: str, key: str) -> None:
    connection = await aiormq.connect(url)
    try:
        channel = await connection.channel()
        properties = aiormq.spec.Basic.Properties(user_id=connection.url.user)
        await channel.basic_publish(
            b"{}", exchange="practices.inbox", routing_key=key, properties=properties
        )
    finally:
        await connection.close()


@pytest.mark.proves("NT-9")
async def test_a_system_speaks_for_its_practice_from_its_admission_to_its_expulsion(
    servers: Servers, broker: Broker
) -> None:
    practice, client = str(RANDOMNESS.uuid()), str(RANDOMNESS.uuid())
    names = (broker.vhost, practice, client)

    first = await run(servers, "admit", *names)
    try:
        await say(first, f"communications.{practice}")
        with pytest.raises(ChannelAccessRefused):
            await say(first, f"communications.{RANDOMNESS.uuid()}")
        second = await run(servers, "admit", *names)
        with pytest.raises(ProbableAuthenticationError):
            await say(first, f"communications.{practice}")
        await say(second, f"communications.{practice}")
    finally:
        await run(servers, "expel", *names)

    with pytest.raises(ProbableAuthenticationError):
        await say(second, f"communications.{practice}")
