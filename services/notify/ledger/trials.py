"""Test mails: filed like any other, sent by the couriers that run, and looked up (NT-5)."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.notify.actions import Action
from services.notify.ledger.ledger import Ledger
from services.notify.ledger.model import DeliveryId, Outcome
from services.notify.ledger.store import trials
from services.notify.tellings import routing
from shared.acts import Acts, By


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """What becomes of one says what becomes of the others: template, seal of its return path,
    connection, the server's word, its ledger row.
    """

    acts: Acts
    ledger: Ledger

    async def send(self, address: str, *, locale: str, by: By) -> DeliveryId:
        """File one to this address."""
        async with self.acts.begin(by, Action.TEST_SEND) as act:
            event_id = act.new_id()
            intent = routing.trial(
                address,
                event_id=event_id,
                locale=locale,
                correlation_id=act.origin.correlation_id,
                at=act.now,
            )
            [delivery_id] = await self.ledger.file(act.tx, [intent])
            act.about(delivery=delivery_id)
        return delivery_id

    async def look(self, ids: Sequence[DeliveryId]) -> Sequence[Outcome]:
        """Say what has become of these deliveries, tests or not; of what there is not, nothing."""
        async with self.acts.database.connection() as connection:
            return await trials.outcomes(connection, ids)
