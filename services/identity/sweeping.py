"""What is over and serves nothing any more is deleted in batches (SE-1, LG-2)."""

from dataclasses import dataclass
from datetime import timedelta

from services.identity.passwords.store import lockouts
from services.identity.sessions.store import sessions
from services.identity.settings import Settings
from shared.clock import Clock
from shared.db import Database
from shared.loops import Loop
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
            return await sessions.sweep(tx, before=self.clock.now() - MARGIN, limit=BATCH) // BATCH


@dataclass(frozen=True, slots=True, kw_only=True)
class LockoutSweeper:
    database: Database
    clock: Clock

    async def once(self) -> int:
        """Forget up to BATCH unknown names that nobody tried for a day."""
        async with self.database.transaction() as tx:
            return await lockouts.sweep_unknown(tx, now=self.clock.now(), limit=BATCH) // BATCH


def sweepers(plumbing: Plumbing[Settings]) -> tuple[Loop, ...]:
    """What runs by itself."""
    database, clock = plumbing.database, plumbing.clock
    sessions = SessionSweeper(database=database, clock=clock)
    lockouts = LockoutSweeper(database=database, clock=clock)
    return (
        Loop(name="session-sweeper", once=sessions.once, every=SWEEP_EVERY),
        Loop(name="lockout-sweeper", once=lockouts.once, every=SWEEP_EVERY),
    )
