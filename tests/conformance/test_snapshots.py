"""Snapshots: in whatever order versions come, and however often, each service keeps the newest."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.contract import Contract, Kind
from shared.contracts.identity import ACCOUNT_CHANGED, PERSON_CHANGED, PRACTICE_CHANGED
from shared.contracts.ids import PracticeId
from shared.contracts.notify import NOTIFICATION_ADDRESSES_CHANGED, NotificationAddressesChanged
from shared.contracts.topology import QUEUES
from shared.randomness import Randomness
from shared.trust.keys import KEYS_CHANGED
from tests.builders import events
from tests.conformance.stage import Stage
from tests.support.clock import FakeClock
from tests.support.database import Database
from tests.support.deliveries import delivered
from tests.support.tables import everything

HEARD = [
    (queue.name, contract)
    for queue in QUEUES
    for contract in queue.contracts
    if contract.kind is Kind.SNAPSHOT and contract not in KEYS_CHANGED.values()
]
PRACTICE = PracticeId(Randomness().uuid())
#: a version of something, with a text that no other version has
MADE: Mapping[Contract[Any], Callable[[Any, int], Any]] = {
    ACCOUNT_CHANGED: lambda of, version: events.account(of, username=f"name.{version}"),
    PERSON_CHANGED: lambda of, version: events.person(PRACTICE, of, last_name=f"Name {version}"),
    NOTIFICATION_ADDRESSES_CHANGED: lambda of, version: NotificationAddressesChanged(
        account_id=of, addresses=(f"other.{version}@mail.example",)
    ),
    PRACTICE_CHANGED: lambda of, version: events.practice(
        of, f"Name {version}", reset_link_minutes=20 + version
    ),
}


async def kept(stage: Stage, subject: UUID) -> list[str]:
    """Every row that is about it, as text, without its id."""
    found = [row for rows in (await everything(stage.replica.rows)).values() for row in rows]
    return sorted(row.replace(str(subject), "it") for row in found if str(subject) in row)


async def after(
    stage: Stage, queue: str, contract: Contract[Any], *batches: Sequence[int]
) -> list[str]:
    """Have it hear of something new, these versions in each batch; return what is kept of it."""
    subject = Randomness().uuid()
    for batch in batches:
        bodies = [
            events.body(contract, MADE[contract](subject, one), subject=subject, version=one)
            for one in batch
        ]
        await stage.replica.take_in(
            queue, *(delivered(body, contract.owner, tag=tag) for tag, body in enumerate(bodies))
        )
    return await kept(stage, subject)


@pytest.mark.proves("MG-8")
@pytest.mark.parametrize(
    ("queue", "contract"), HEARD, ids=[f"{queue} {contract.name}" for queue, contract in HEARD]
)
async def test_the_newest_stays_in_whatever_order_and_however_often_versions_come(
    database: Database, clock: FakeClock, queue: str, contract: Contract[Any]
) -> None:
    service = queue.partition(".")[0]
    module: Any = importlib.import_module(f"tests.conformance.examples.{service}")
    async with module.opened(database, clock) as stage:
        newest = await after(stage, queue, contract, [3])

        assert newest
        for order in permutations((1, 2, 3)):
            one_by_one = [[version] for version in (*order, *order)]
            assert await after(stage, queue, contract, *one_by_one) == newest
            assert await after(stage, queue, contract, [*order, *order]) == newest
