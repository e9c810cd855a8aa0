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

    async def settle(self, tx: Connection, settlements: Sequence[Settlement]) -> Sequence[bool]:
        """Record them. False: the lease is lost, nothing changes."""
        settled = await store.settle(tx, settlements)
        found = [
            no_mailbox
            for settlement, mine in zip(settlements, settled, strict=True)
            if mine and (no_mailbox := settlement.no_mailbox) is not None
        ]
        stopped = [
            number
            for settlement, mine in zip(settlements, settled, strict=True)
            if mine and (number := settlement.stopped_number) is not None
        ]
        if stopped:
            await stops.add(tx, stopped, now=max(one.at for one in settlements))
        if found:
            await self.suppressions.suppress(tx, found, now=max(one.at for one in settlements))
        return settled
