"""A queue without a member: what goes to it waits and is named, all else goes on; made anew.

The last of all files on this rig: RabbitMQ 3.10 loses a queue that was made just before its broker
is killed, as another test would.
"""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from deploy.client.eventually import eventually
from shared.contracts.identity import ACCOUNT_ENROLLED
from shared.messaging.management import Management, segment
from shared.messaging.topology import Administrator, down, own, remake, warning
from tests.fault.ledger import Ledger
from tests.fault.rig import Rig

QUEUE = "notify.account-activity"
BESIDE = "notify.accounts"
MEMBER = (
    '{ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"%s">>, queue, <<"%s">>)),'
    " ra:%s(quorum_queues, amqqueue:get_pid(Q))."
)
NAMED_WITHIN = 60.0


async def at_its_member(rig: Rig, function: str) -> None:
    vhost = rig.stack.surroundings.broker.vhost
    await rig.own.evaluate(MEMBER % (vhost, QUEUE, function))


async def stopped(rig: Rig) -> None:
    """Its one member is stopped: the broker refuses what is for it."""
    await at_its_member(rig, "stop_server")


async def gone(rig: Rig) -> None:
    """Its one member has lost its data when the broker comes again: nothing is ever confirmed."""
    await at_its_member(rig, "force_delete_server")
    await rig.own.broker.kill()
    await rig.own.broker.start()


def administrator(rig: Rig) -> Administrator:
    """Who runs the verbs of notify."""
    access = rig.stack.surroundings.broker
    return Administrator(admin_url=access.topology_url, broker_url=access.url("notify"))


async def consumed_by(rig: Rig, queue: str) -> set[str]:
    """Name the connections by which a queue is consumed, once the broker has their details."""
    access = rig.stack.surroundings.broker
    async with Management(access.management_url) as management:
        found = await management.get(f"/api/consumers/{segment(access.vhost)}")
    details = [one["channel_details"] for one in found if one["queue"]["name"] == queue]
    assert details
    assert all(details)  # each a list without anything, until it has
    return {one["connection_name"] for one in details}


@pytest.mark.parametrize("end", [stopped, gone], ids=["stopped", "gone"])
async def test_a_queue_that_is_down_is_named_holds_up_its_own_alone_and_is_made_anew(
    rig: Rig, ledger: Ledger, end: Callable[[Rig], Awaitable[None]]
) -> None:
    await end(rig)
    person = rig.person(ledger)
    await person.is_registered()
    await person.enrols()

    async def only_its_own_wait() -> None:
        rows = await rig.books.rows("SELECT routing_key, last_error FROM identity.outbox")
        assert {row["routing_key"] for row in rows} == {ACCOUNT_ENROLLED.routing_key}
        assert {row["last_error"] for row in rows} <= {"nacked", "unconfirmed"}

    await eventually(only_its_own_wait, within=NAMED_WITHIN)
    beside = await eventually(lambda: consumed_by(rig, BESIDE), within=NAMED_WITHIN)

    by = administrator(rig)

    async def is_named() -> None:
        publisher, consumer, found = await asyncio.gather(
            warning("identity", by), warning("notify", by), down("notify", by, old=own("notify"))
        )
        for told in (publisher, consumer):
            assert f"queue {QUEUE} is not running" in (told or "")
        assert found == [QUEUE]

    await eventually(is_named, within=NAMED_WITHIN)
    assert await consumed_by(rig, BESIDE) == beside

    await remake("notify", QUEUE, by)

    assert await down("notify", by, old=()) == []
    await person.mailed_secret("Welcome")
    await ledger.balance()
    assert await warning("notify", by) is None
