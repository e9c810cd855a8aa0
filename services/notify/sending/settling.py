"""What couriers found out, recorded together: of each delivery, and of its address."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.notify.sending.model import Settlement
from services.notify.sending.store import settlements as store
from services.notify.suppressions.store import stops
from services.notify.suppressions.suppressions import Suppressions
from shared.db import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """A refusal that means the address or number suppresses it, in the same transaction (NT-5)."""

    suppressions: Suppressions

    async def settle(
        self, connection: Connection, settlements: Sequence[Settlement]
    ) -> Sequence[bool]:
        """Record them. False: the lease is lost, nothing changes.

        Those that stop an address or number come last: whoever holds it up holds up no other.
        """
        stopping = [one for one in settlements if one.stops]
        if not stopping:
            return await store.settle(connection, settlements)
        others = [one for one in settlements if not one.stops]
        settled = iter(await store.settle(connection, others)) if others else iter(())
        async with connection.transaction():
            stopped = iter(await self._stop(connection, stopping))
        return [next(stopped if one.stops else settled) for one in settlements]

    async def _stop(self, tx: Connection, stopping: Sequence[Settlement]) -> Sequence[bool]:
        settled = await store.settle(tx, stopping)
        mine = [one for one, done in zip(stopping, settled, strict=True) if done]
        now = max(one.at for one in stopping)
        if numbers := [number for one in mine if (number := one.stopped_number) is not None]:
            await stops.add(tx, numbers, now=now)
        if found := [no_mailbox for one in mine if (no_mailbox := one.no_mailbox) is not None]:
            await self.suppressions.suppress(tx, found, now=now)
        return settled
