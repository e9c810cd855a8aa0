"""The drainer of a service's dead-letter queue at the broker."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.clock import Clock
from shared.contracts import topology
from shared.db import Database
from shared.logs import correlated
from shared.messaging.dead_letters import as_kept, bury, tell
from shared.messaging.messages import Delivery, read_death
from shared.messaging.subscriptions import Letter, Reason, envelope_of, stories
from shared.metrics import Metrics

NOBODY = ""  # a publisher that owns no contract


@dataclass(frozen=True, slots=True, kw_only=True)
class Drainer:
    """Files what the broker itself gave up: the net for what stops a process before it can say.

    Only here is a death read from a header, since only a dead-letter exchange, which no service
    may write to, is known to have added it.
    """

    service: str
    database: Database
    clock: Clock
    metrics: Metrics

    @property
    def queue(self) -> str:
        """The one it takes from, of the same name as the exchange before it."""
        return topology.dead(self.service)

    async def settle(self, batch: Sequence[Delivery]) -> None:
        """File the batch in one transaction; the acknowledgement comes after it."""
        letters = [self._letter(delivery) for delivery in batch]
        with correlated(*stories(letters)):
            async with self.database.transaction() as tx:
                await bury(tx, letters, self.clock.now())
        for letter in letters:
            tell(letter)
        self.metrics.count("consumer_messages", len(batch), queue=self.queue, outcome=Reason.BROKER)

    def _letter(self, delivery: Delivery) -> Letter:
        """Find whose it was. The broker kept the publisher; the exchange is but the header's."""
        death = read_death(delivery.headers) if delivery.exchange == self.queue else None
        envelope = envelope_of(delivery.body)
        of_ours = topology.consumed(self.service)
        queue = death.queue if death is not None and death.queue in of_ours else self.queue
        return Letter(
            queue=queue,
            exchange=delivery.exchange if death is None else death.exchange,
            publisher=delivery.publisher or NOBODY,
            body=as_kept(queue, delivery.body),
            reason=Reason.BROKER,
            detail="no x-death header" if death is None else death.reason,
            event_id=envelope.id if envelope else None,
            event_type=envelope.type if envelope else None,
            correlation_id=envelope.correlationid if envelope else None,
        )
