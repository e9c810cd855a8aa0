"""What is over and serves nothing any more is deleted in batches (SE-1, LG-2)."""

from dataclasses import dataclass
from datetime import timedelta

from services.identity.accounts import accounts
from services.identity.accounts.store import accounts as account_store
from services.identity.accounts.store import names
from services.identity.devices.store import devices
from services.identity.passkeys.store import ceremonies
from services.identity.passwords.store import lockouts
from services.identity.sessions.store import sessions
from services.identity.settings import Settings
from shared.acts import Acts
from shared.clock import Clock
from shared.db import Database
from shared.loops import Loop, Sweep
from shared.program.program import Plumbing

BATCH = 500
SWEEP_EVERY = 60.0  # seconds
MARGIN = timedelta(minutes=1)  # replicas' clocks differ a little: no live row is ever near


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSweeper:
    database: Database
    clock: Clock

    async def once(self) -> int:
        """Delete up to BATCH expired sessions; until then a used refresh token is kept."""
        async with self.database.transaction() as tx:
            return await sessions.sweep(tx, before=self.clock.now() - MARGIN, limit=BATCH)


@dataclass(frozen=True, slots=True, kw_only=True)
class LockoutSweeper:
    database: Database
    clock: Clock

    async def once(self) -> int:
        """Forget up to BATCH unknown names that nobody tried for a day."""
        async with self.database.transaction() as tx:
            return await lockouts.sweep_unknown(tx, now=self.clock.now(), limit=BATCH)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSweeper:
    database: Database
    clock: Clock

    async def once(self) -> int:
        """Forget up to BATCH devices that are known no more."""
        async with self.database.transaction() as tx:
            return await devices.sweep(tx, before=self.clock.now() - MARGIN, limit=BATCH)


@dataclass(frozen=True, slots=True, kw_only=True)
class CeremonySweeper:
    database: Database
    clock: Clock

    async def once(self) -> int:
        """Forget up to BATCH ceremonies that were answered, and are late by themselves by now."""
        async with self.database.transaction() as tx:
            return await ceremonies.sweep(tx, before=self.clock.now() - MARGIN, limit=BATCH)


@dataclass(frozen=True, slots=True, kw_only=True)
class NameSweeper:
    acts: Acts
    clock: Clock

    async def once(self) -> int:
        """Free the names of up to BATCH accounts that are reserved no longer, and tell of it.

        Accounts are held before their names, in the order of their ids, as everywhere.
        """
        async with self.acts.open(self.acts.of_the_service(self.clock.now())) as act:
            due = await names.due(act.tx, now=act.now, limit=BATCH)
            for account_id in due:
                await account_store.hold(act.tx, account_id)
                if await names.free(act.tx, account_id, now=act.now):
                    await accounts.changed(act, account_id)
        return len(due)


def sweepers(plumbing: Plumbing[Settings]) -> tuple[Loop, ...]:
    """What runs by itself."""
    database, clock = plumbing.database, plumbing.clock
    sessions = SessionSweeper(database=database, clock=clock)
    lockouts = LockoutSweeper(database=database, clock=clock)
    devices = DeviceSweeper(database=database, clock=clock)
    answered = CeremonySweeper(database=database, clock=clock)
    names = NameSweeper(acts=plumbing.acts, clock=clock)
    swept = (
        ("session-sweeper", "sessions", sessions.once),
        ("lockout-sweeper", "tried names that nobody has", lockouts.once),
        ("device-sweeper", "devices that are known no more", devices.once),
        ("ceremony-sweeper", "ceremonies that were answered", answered.once),
        ("name-sweeper", "reservations of names, by account", names.once),
    )
    return tuple(
        Sweep(name=name, what=what, once=once, full=BATCH).loop(SWEEP_EVERY)
        for name, what, once in swept
    )
