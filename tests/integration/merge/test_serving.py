"""Merge as it runs: alive, saying what it misses, and hearing identity's facts."""

import base64

from aiohttp.test_utils import TestClient, TestServer

from services.merge.__main__ import PROGRAM
from services.merge.features import Features
from services.merge.settings import MergeSettings
from shared.contracts.identity import ACCOUNT_CHANGED, AccountChanged, AccountState
from shared.contracts.ids import AccountId
from shared.randomness import Randomness
from shared.runtime import Assembled, assemble
from shared.settings import load
from tests.support.broker import Broker
from tests.support.database import Database
from tests.support.eventually import eventually
from tests.support.neighbours import neighbour, serving


def assembled(database: Database, broker_url: str) -> Assembled[Features, MergeSettings]:
    environ = {
        "PORTICO_DATABASE_URL": database.url("merge"),
        "PORTICO_BROKER_URL": broker_url,
        "PORTICO_KEY_ENCRYPTION_KEY": base64.b64encode(bytes(32)).decode(),
        "PORTICO_HTTP_PORT": "0",
        "PORTICO_METRICS_PORT": "0",
    }
    return assemble(PROGRAM, load(MergeSettings, environ))


async def test_merge_keeps_the_accounts_it_hears_of(database: Database, broker: Broker) -> None:
    account = AccountChanged(
        account_id=AccountId(Randomness().uuid()),
        state=AccountState.ACTIVE,
        username="juniper.hale",
        email=None,
        security_version=1,
        locale="en",
        time_zone="UTC",
        enrolments=(),
    )
    merge = assembled(database, broker.url("merge"))

    async def kept() -> None:
        async with merge.plumbing.database.connection() as connection:
            rows = await connection.fetch("SELECT username FROM accounts")
        assert [row["username"] for row in rows] == ["juniper.hale"]

    async with neighbour("identity", database, broker) as identity, serving(merge):
        await identity.tell(ACCOUNT_CHANGED, account, subject=account.account_id, version=1)
        await eventually(kept, within=15)


async def test_merge_is_alive_without_a_broker_and_says_that_it_is_away(
    database: Database,
) -> None:
    merge = assembled(database, "amqp://merge@127.0.0.1:9/none")
    client = TestClient(TestServer(merge.application))
    await client.start_server()

    async with client.get("/health/live") as live, client.get("/health/ready") as ready:
        checks = {check["name"]: check["ok"] for check in (await ready.json())["checks"]}
        statuses = (live.status, ready.status)

    await client.close()
    await merge.close()
    assert statuses == (200, 503)
    assert (checks["database"], checks["broker"]) == (True, False)
