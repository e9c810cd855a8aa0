"""Held and failed deliveries: the operator's way out (NT-6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.notify.ledger.model import DeliveryId, Held, Hindrance, State
from services.notify.ledger.store import held
from shared.audit import Audit, Origin
from shared.clock import Clock
from shared.db import Connection, Database


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldDeliveries:
    """Each is decided by itself, once, and audited; what cannot be decided is left as it is."""

    database: Database
    clock: Clock
    audit: Audit

    async def list_held(self, *, limit: int) -> Sequence[Held]:
        """List what is held, oldest first."""
        async with self.database.connection() as connection:
            return await held.of_all(connection, limit=limit)

    async def list_failed(self, *, limit: int) -> Sequence[Held]:
        """List what failed and can be sent again, newest first."""
        async with self.database.connection() as connection:
            return await held.failed(connection, limit=limit)

    async def warning(self) -> str | None:
        """Say how many wait for an operator, or None."""
        async with self.database.connection() as connection:
            count, oldest = await held.count(connection)
        return f"{count}, the oldest of {oldest:%Y-%m-%d %H:%M}" if oldest else None

    async def resend(
        self, ids: Sequence[DeliveryId], origin: Origin
    ) -> Mapping[DeliveryId, Hindrance]:
        """Queue these again, as the same mail, held or failed; return which were left, and why."""
        left = {}
        for delivery_id in ids:
            async with self.database.transaction() as tx:
                done = await held.resend(tx, delivery_id, now=self.clock.now())
                if not done:
                    left[delivery_id] = await held.hindrance(tx, delivery_id)
                await self._record(tx, origin, delivery_id, "resent", done=done)
        return left

    async def settle(
        self, ids: Sequence[DeliveryId], state: State, origin: Origin
    ) -> Mapping[DeliveryId, Hindrance]:
        """Record what became of these; return which were left, since they were not held."""
        left = {}
        for delivery_id in ids:
            async with self.database.transaction() as tx:
                done = await held.settle(tx, delivery_id, state, now=self.clock.now())
                await self._record(tx, origin, delivery_id, state, done=done)
            if not done:
                left[delivery_id] = Hindrance.NOT_HELD
        return left

    async def _record(
        self, tx: Connection, origin: Origin, delivery_id: DeliveryId, detail: str, *, done: bool
    ) -> None:
        await self.audit.record(
            tx,
            origin,
            action="delivery.decided",
            outcome="done" if done else "refused",
            subject=f"delivery:{delivery_id}",
            detail=detail,
        )
