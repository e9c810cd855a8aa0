"""Where it lives: identity and recovery beside each other, and what each tells the other."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from deploy.local.provision import DatabaseAccess
from shared.contracts.envelope import Envelope
from shared.contracts.identity import ResetRoute
from shared.contracts.topology import QUEUES
from shared.trust.sealing import Opener
from tests.builders.practices import Postman, postman_beside
from tests.rigs.identity import Identity, identity_service
from tests.rigs.recovery import Recovery, a_sealing_key, replica
from tests.support.clock import FakeClock
from tests.support.database import administered
from tests.support.deliveries import delivered

MAILBOX, ANSWERS, SLIP, FIELDS = "mailbox", "answers", "slip", "fields"
DEMANDS: Mapping[ResetRoute, str] = {
    ResetRoute.LINK: MAILBOX,
    ResetRoute.QUESTIONS: ANSWERS,
    ResetRoute.PRACTICE_TOKEN: SLIP,
    ResetRoute.VALIDATION: FIELDS,
}
"""What one must have to go each way."""


@dataclass(slots=True, kw_only=True, eq=False)
class Proof:
    """A link, a slip, a success or a round: one new password at the most."""

    text: str = ""
    credentials: int  # how often they had changed as it began
    until: datetime | None = None  # None: it was exchanged as it was given
    spent: bool = False
    void: bool = False  # it opens nothing more; what it was exchanged for goes on


@dataclass(slots=True, kw_only=True, eq=False)
class Grant:
    """What a proof was exchanged for."""

    text: str
    route: ResetRoute
    actor: str
    at: datetime
    proof: Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Both services over a database, which all the accounts share; each is the only one of its run.

    `arrived` counts the sessions that began, by way and by whom.
    """

    runner: asyncio.Runner
    identity: Identity
    recovery: Recovery
    postman: Postman
    clock: FakeClock
    arrived: "Counter[tuple[ResetRoute, str]]"
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def delivers(self) -> None:
        """Hand what each has told to the other, oldest first; it is in no outbox any more."""
        for sender, receiver in ((self.identity, "recovery"), (self.recovery, "identity")):
            service = "identity" if receiver == "recovery" else "recovery"
            rows = await sender.rows("DELETE FROM outbox RETURNING id, routing_key, body")
            for row in sorted(rows, key=lambda row: row["id"]):
                for queue in QUEUES:
                    keys = {contract.routing_key for contract in queue.contracts}
                    if queue.service == receiver and row["routing_key"] in keys:
                        await self._at(receiver, queue.name, row["body"], service)

    async def _at(self, receiver: str, queue: str, body: bytes, by: str) -> None:
        if receiver == "recovery":
            await self.recovery.take_in(queue, delivered(body, by))
        else:
            await self.identity.take_in(queue, delivered(body, by))

    async def opened(self, envelope: Envelope, sealed: Any) -> str:
        """As notify opens it at the moment of sending."""
        opener = Opener(own_keys=self.postman.notify.own_keys)
        return await opener.open(sealed, event_id=envelope.id)


async def opened(stack: AsyncExitStack, runner: asyncio.Runner, access: DatabaseAccess) -> World:
    """Put both services together over this database, and let them hear each other's keys."""
    clock = FakeClock()
    database = await stack.enter_async_context(administered(access))
    identity = await stack.enter_async_context(identity_service(database, clock))
    recovery = await stack.enter_async_context(replica(database, clock, a_sealing_key()))
    await recovery.own_keys.ensure()
    postman = await stack.enter_async_context(postman_beside(identity))
    world = World(
        runner=runner,
        identity=identity,
        recovery=recovery,
        postman=postman,
        clock=clock,
        arrived=Counter(),
    )
    for body in await postman.notify.published():
        await recovery.take_in("recovery.keys", delivered(body, "notify"))
    await world.delivers()
    return world
