"""Sending again what a practice wrote and what may not have arrived (ST-1, NT-5)."""

from dataclasses import dataclass

from services.notify.actions import Action
from services.notify.ledger.errors import DeliveryNotResendable
from services.notify.ledger.ledger import Wakes
from services.notify.ledger.model import DeliveryId
from services.notify.ledger.store import held
from services.notify.tellings.model import MessageClass
from shared.acts import Acts, By
from shared.contracts.ids import PracticeId
from shared.db import after_commit
from shared.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Resending:
    """As an operator may, of the practice's own alone."""

    acts: Acts
    couriers: Wakes

    async def resend(self, practice_id: PracticeId, delivery_id: DeliveryId, *, by: By) -> None:
        """Queue it again as the same mail, once, however many ask: who finds it queued is refused.

        Raises NotFound, DeliveryNotResendable.
        """
        async with self.acts.begin(
            by, Action.RESEND_DELIVERY, delivery=delivery_id, practice=practice_id
        ) as act:
            if not await held.resend(act.tx, delivery_id, of=practice_id, now=act.now):
                if await held.is_of_practice(act.tx, delivery_id, practice_id):
                    raise DeliveryNotResendable
                raise NotFound
            for (message_class, _), couriers in self.couriers.items():
                if message_class is MessageClass.PRACTICE_COMMUNICATION:
                    for courier in couriers:
                        after_commit(act.tx, courier.set)
