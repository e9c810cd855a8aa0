"""Merge as it runs: alive, saying what it misses, and hearing identity's facts."""

import msgspec
import pytest
from aiohttp.test_utils import TestClient, TestServer

from deploy.client.eventually import eventually
from services.merge.__main__ import PROGRAM
from services.merge.features import Features
from services.merge.settings import MergeSettings
from shared.contracts.envelope import Envelope
from shared.contracts.identity import (
    ACCOUNT_CHANGED,
    ACCOUNTS_MERGED,
)
from shared.contracts.merge import MERGE_REQUESTED
from shared.contracts.notify import NOTIFY_MERGE_APPLIED
from shared.contracts.recovery import RECOVERY_MERGE_APPLIED
from shared.messaging.broker import Broker as Connection
from shared.program.runtime import Assembled
from tests.builders import events
from tests.builders.people import a_person
from tests.rigs.issuer import Issuer
from tests.rigs.merge import replica
from tests.rigs.replica import environment, put_together
from tests.support.broker import Broker
from tests.support.clock import FakeClock
from tests.support.database import Database
from tests.support.neighbours import neighbour, serving


def assembled(database: Database, broker_url: str) -> Assembled[Features, MergeSettings]:
    environ = environment(
        "merge", database.url("merge"), broker_url=broker_url, http_port="0", metrics_port="0"
    )
    return put_together(PROGRAM, environ, None)


async def test_merge_keeps_the_accounts_it_hears_of(database: Database, broker: Broker) -> None:
    account = events.account(events.new_account())
    merge = assembled(database, broker.url("merge"))

    async def kept() -> None:
        async with merge.plumbing.database.connection() as connection:
            rows = await connection.fetch("SELECT username FROM accounts")
        assert [row["username"] for row in rows] == [account.username]

    async with neighbour("identity", database, broker) as identity, serving(merge):
        await identity.tell(ACCOUNT_CHANGED, account, subject=account.account_id, version=1)
        await eventually(kept, within=15)


@pytest.mark.proves("MG-9")
async def test_a_merge_goes_over_the_bus_to_its_end_however_the_answers_come(
    database: Database, broker: Broker, identity: Issuer, clock: FakeClock
) -> None:
    survivor, absorbed = a_person(), a_person()
    ports = {"http_port": "0", "metrics_port": "0"}
    url = {"broker_url": broker.url("merge")}
    async with (
        neighbour("identity", database, broker) as told_by_identity,
        neighbour("recovery", database, broker) as recovery,
        neighbour("notify", database, broker) as notify,
        replica(database, clock, identity, **ports, **url) as merging,
        serving(merging.service),
    ):
        await merging.knows(survivor, absorbed)
        saga = await merging.under_way(survivor, absorbed)
        asked = await eventually(lambda: asked_of_identity(broker), within=15)
        subject = survivor.account_id

        for _ in range(2):
            for service, contract in (
                (notify, NOTIFY_MERGE_APPLIED),
                (recovery, RECOVERY_MERGE_APPLIED),
            ):
                await service.tell(contract, saga.merge_applied(), subject=subject)
            await told_by_identity.tell(ACCOUNTS_MERGED, saga.accounts_merged(), subject=subject)

        async def completed() -> None:
            assert await merging.state(saga.merge_id, survivor) == ("completed", None)

        await eventually(completed, within=15)
        assert (asked.type, asked.subject) == (MERGE_REQUESTED.type, str(subject))
        assert await merging.dead() == []


async def asked_of_identity(broker: Broker) -> Envelope:
    """The next event that identity would take from its queue of merges."""
    connection = Connection(broker.url("identity"), name="identity")
    try:
        async with connection.pull() as deliveries:
            found = await deliveries.pull("identity.merges", 1)
            assert found
            await deliveries.ack(found)
            return msgspec.json.decode(found[0].body, type=Envelope)
    finally:
        await connection.close()


async def test_merge_is_alive_without_a_broker_and_says_that_it_is_away(
    database: Database,
) -> None:
    merge = assembled(database, "amqp://merge@127.0.0.1:9/none")
    client = TestClient(TestServer(merge.metrics_application))
    await client.start_server()

    async with client.get("/health/live") as live, client.get("/health/status") as status:
        parts = {part["name"]: part["ok"] for part in (await status.json())["parts"]}

    await client.close()
    await merge.close()
    assert live.status == 200
    assert (parts["database"], parts["broker"]) == (True, False)
