"""Held and failed deliveries: the operator's way out (NT-6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.notify.actions import Action
from services.notify.ledger.model import DeliveryId, Held, Hindrance, State
from services.notify.ledger.store import held
from shared.acts import Act, Acts, By
from shared.audit.entries import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldDeliveries:
    """Each is decided by itself, once, and audited; what cannot be decided is left as it is."""

    acts: Acts

    async def list_held(self, *, limit: int) -> Sequence[Held]:
        """List what is held, oldest first."""
        async with self.acts.database.connection() as connection:
            return await held.of_all(connection, limit=limit)

    async def list_failed(self, *, limit: int) -> Sequence[Held]:
        """List what failed and can be sent again, newest first."""
        async with self.acts.database.connection() as connection:
            return await held.failed(connection, limit=limit)

    async def warning(self) -> str | None:
        """Say how many wait for an operator, or None."""
        async with self.acts.database.connection() as connection:
            count, oldest = await held.count(connection)
        return f"{count}, the oldest of {oldest:%Y-%m-%d %H:%M}" if oldest else None

    async def resend(self, ids: Sequence[DeliveryId], *, by: By) -> Mapping[DeliveryId, Hindrance]:
        """Queue these again, as the same mail, held or failed; return which were left, and why."""
        left = {}
        for delivery_id in ids:
            async with self.acts.open(by) as act:
                done = await held.resend(act.tx, delivery_id, now=act.now)
                if not done:
                    left[delivery_id] = await held.hindrance(act.tx, delivery_id)
                record(act, delivery_id, "resent", done=done)
        return left

    async def settle(
        self, ids: Sequence[DeliveryId], state: State, *, by: By
    ) -> Mapping[DeliveryId, Hindrance]:
        """Record what became of these; return which were left, since they were not held."""
        left = {}
        for delivery_id in ids:
            async with self.acts.open(by) as act:
                done = await held.settle(act.tx, delivery_id, state, now=act.now)
                record(act, delivery_id, state, done=done)
            if not done:
                left[delivery_id] = Hindrance.NOT_HELD
        return left


def record(act: Act, delivery_id: DeliveryId, detail: str, *, done: bool) -> None:
    """Leave a row of what was decided, or was not to be."""
    outcome: Outcome = "done" if done else "refused"
    act.record(Action.DECIDE_DELIVERY, outcome, delivery=delivery_id, detail=detail)
