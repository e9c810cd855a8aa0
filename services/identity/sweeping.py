"""What is over and serves nothing any more is deleted in batches (SE-1, LG-2, EN-4)."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol

from services.identity.accounts import accounts
from services.identity.accounts.store import accounts as account_store
from services.identity.accounts.store import names
from services.identity.devices.store import devices
from services.identity.passkeys.store import ceremonies
from services.identity.passwords.store import lockouts
from services.identity.requests.store import requests
from services.identity.sessions.store import sessions
from services.identity.settings import Settings
from shared.db import Connection
from shared.loops import Loop, Sweep
from shared.program.program import Plumbing

BATCH = 500
SWEEP_EVERY = 60.0  # seconds
MARGIN = timedelta(minutes=1)  # replicas' clocks differ a little: no live row is ever near
A_DAY = timedelta(days=1)  # after the last try none of it could be told
AT_ONCE = timedelta(0)  # expiry waits for no sweep


class Swept(Protocol):
    async def __call__(self, tx: Connection, *, before: datetime, limit: int) -> int: ...


def sweepers(plumbing: Plumbing[Settings]) -> tuple[Loop, ...]:
    """What runs by itself."""

    def batches(sweep: Swept, after: timedelta) -> Callable[[], Awaitable[int]]:
        async def once() -> int:
            async with plumbing.database.transaction() as tx:
                return await sweep(tx, before=plumbing.clock.now() - after, limit=BATCH)

        return once

    async def free_names() -> int:
        """Free the names of up to BATCH accounts that are reserved no longer, and tell of it.

        Accounts are held before their names, in the order of their ids, as everywhere.
        """
        acts = plumbing.acts
        async with acts.open(acts.of_the_service(plumbing.clock.now())) as act:
            due = await names.due(act.tx, now=act.now, limit=BATCH)
            for account_id in due:
                await account_store.hold(act.tx, account_id)
                if await names.free(act.tx, account_id, now=act.now):
                    await accounts.changed(act, account_id)
        return len(due)

    swept = (
        # until then a used refresh token is kept
        ("session-sweeper", "sessions", batches(sessions.sweep, MARGIN)),
        ("lockout-sweeper", "tried names that nobody has", batches(lockouts.sweep_unknown, A_DAY)),
        ("device-sweeper", "devices that are known no more", batches(devices.sweep, MARGIN)),
        # by then they are late by themselves
        ("ceremony-sweeper", "ceremonies that were answered", batches(ceremonies.sweep, MARGIN)),
        ("name-sweeper", "reservations of names, by account", free_names),
        ("request-sweeper", "requests to be enrolled", batches(requests.sweep, AT_ONCE)),
    )
    return tuple(
        Sweep(name=name, what=what, once=once, full=BATCH).loop(SWEEP_EVERY)
        for name, what, once in swept
    )
