"""Recovery as it runs: what it hears on the bus, and what comes of a request over HTTP."""

import msgspec
import pytest

from deploy.client.eventually import eventually
from shared.contracts.envelope import Envelope
from shared.contracts.identity import ACCOUNT_CHANGED
from shared.contracts.keys import KeyPurpose, KeysChanged, PublicKey
from shared.contracts.notify import NOTIFY_KEYS_CHANGED
from shared.contracts.recovery import RESET_LINK_REQUESTED, USERNAME_REMINDER_REQUESTED
from shared.messaging.broker import Broker as Connection
from tests.rigs.recovery import (
    EMAIL,
    ISSUER,
    USERNAME,
    Recovery,
    a_sealing_key,
    an_account,
    replica,
)
from tests.support.broker import Broker
from tests.support.clock import FakeClock
from tests.support.database import Database
from tests.support.neighbours import neighbour, serving

pytestmark = pytest.mark.proves("RC-1", "RC-3")

ACTIVITY = "notify.account-activity"


async def published(broker: Broker) -> str:
    """The type of the next event that notify would take from its queue."""
    connection = Connection(broker.url("notify"), name="notify")
    try:
        async with connection.pull() as deliveries:
            found = await deliveries.pull(ACTIVITY, 1)
            assert found
            await deliveries.ack(found)
            return msgspec.json.decode(found[0].body, type=Envelope).type
    finally:
        await connection.close()


async def test_facts_and_requests_end_in_mails_on_their_way_to_notify(
    database: Database, broker: Broker
) -> None:
    notify_key = a_sealing_key()
    key = PublicKey(
        kid="notify-1",
        purpose=KeyPurpose.SEALING,
        raw=notify_key.public,
        usable_from=FakeClock().now(),
        usable_until=None,
    )
    account = an_account()
    ports = {"http_port": "0", "metrics_port": "0"}
    url = {"broker_url": broker.url("recovery")}
    async with (
        neighbour("identity", database, broker) as identity,
        neighbour("notify", database, broker) as notify,
        replica(database, None, notify_key, **ports, **url) as recovery,
        serving(recovery.service),
    ):
        await notify.tell(
            NOTIFY_KEYS_CHANGED,
            KeysChanged(issuer=f"{ISSUER}/notify", keys=(key,)),
            subject="notify",
            version=1,
        )
        await identity.tell(ACCOUNT_CHANGED, account, subject=account.account_id, version=1)
        await eventually(lambda: knows_the_account(recovery), within=15)

        for path, body, event in (
            ("/resets/links", {"name": USERNAME}, RESET_LINK_REQUESTED),
            ("/usernames/reminders", {"email": EMAIL}, USERNAME_REMINDER_REQUESTED),
        ):
            async with recovery.client.post(path, json=body) as reply:
                assert reply.status == 202
            assert await eventually(lambda: published(broker), within=15) == event.type


async def knows_the_account(recovery: Recovery) -> None:
    assert await recovery.rows("SELECT FROM accounts")
