"""Where an account lives: two replicas of identity, and what is on record and told meanwhile."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from deploy.local.provision import DatabaseAccess
from tests.builders.practices import Postman, postman_beside
from tests.rigs.identity import Identity, Recovery, identity_service, recovery_beside
from tests.support.clock import FakeClock
from tests.support.database import administered

PLAIN = frozenset(
    {
        "email-verification-requested",
        "device-removed",
        "device-trusted",
        "enrolment-added",
        "enrolment-ended",
        "enrolment-reactivated",
        "account-unlocked",
        "account-frozen",
        "account-thawed",
        "accounts-merged",
    }
)
"""What is no change of credentials, and so brings no link that says it was not me."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Identity over a database, which all the accounts share; each is the only one of its run.

    `done` counts what took effect, by its action in the audit.
    """

    runner: asyncio.Runner
    identity: Identity
    beside: Identity  # another replica
    recovery: Recovery
    postman: Postman
    clock: FakeClock
    numbers: "count[int]" = field(default_factory=lambda: count(1))
    done: "Counter[str]" = field(default_factory=Counter)


def whole(told: Mapping[str, Any], recipients: Sequence[str], *, credentials: bool) -> bool:
    """Whether a message reaches whom it should; of credentials, each with a link of its own that
    says it was not me (RC-9).
    """
    links = [sealed["recipient"] for sealed in told.get("not_me", ())]
    owed = recipients if credentials else ()
    return (sorted(told["recipients"]), sorted(links)) == (sorted(recipients), sorted(owed))


@dataclass(slots=True, kw_only=True)
class Told:
    """The audit rows and events of an account since it was entered; `links` are the secrets of the
    mails that asked whether it was she.
    """

    world: World
    account_id: Any
    audited: dict[str, int] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)

    async def __aenter__(self) -> "Told":
        self.audited = await self._audited()
        await self.world.identity.rows("DELETE FROM outbox")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is put back."""

    async def once(
        self, action: str, event: str, recipients: Sequence[str], *, of: Any = None
    ) -> None:
        """Assert one row of this action, and one whole message to these; `of` another account where
        it is that one's.
        """
        await self.recorded(action)
        await self.mailed(event, recipients, of=of)

    async def mailed(self, event: str, recipients: Sequence[str], *, of: Any = None) -> None:
        """Assert one whole message to these."""
        [told] = await self.world.identity.events(event)
        assert told["account_id"] == str(of or self.account_id)
        credentials = event not in PLAIN
        assert whole(told, recipients, credentials=credentials), (event, told, recipients)
        if credentials:
            self.links += [secret for _, secret in await self.world.postman.not_me(event)]

    async def recorded(self, action: str, *, times: int = 1) -> None:
        """Assert so many rows of this action."""
        now = await self._audited()
        assert now.get(action, 0) - self.audited.get(action, 0) == times, action
        self.world.done[action] += times

    async def _audited(self) -> dict[str, int]:
        rows = await self.world.identity.rows(
            "SELECT action, count(*) AS rows FROM audit_entries"
            " WHERE subject = $1 AND outcome = 'done' GROUP BY action",
            f"account:{self.account_id}",
        )
        return {row["action"]: row["rows"] for row in rows}


async def opened(stack: AsyncExitStack, runner: asyncio.Runner, access: DatabaseAccess) -> World:
    """Put two replicas together over this database."""
    clock = FakeClock()
    database = await stack.enter_async_context(administered(access))
    # What a client may do in an hour is tried elsewhere.
    identity, beside = [
        await stack.enter_async_context(
            identity_service(database, clock, client_unlocks_an_hour="1000")
        )
        for _ in range(2)
    ]
    return World(
        runner=runner,
        identity=identity,
        beside=beside,
        recovery=await stack.enter_async_context(recovery_beside(identity)),
        postman=await stack.enter_async_context(postman_beside(identity)),
        clock=clock,
    )
