"""How late couriers are, measured: a delivery's turn comes as soon as it is due."""

from dataclasses import dataclass
from datetime import datetime

from services.notify.preferences.model import TO_AN_ADDRESS, Means
from services.notify.sending.store import due
from services.notify.tellings.model import MessageClass
from shared.clock import Clock
from shared.db import Database
from shared.metrics import Metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class DueBacklog:
    """What is due and no courier has taken: couriers, or the server, cannot keep up."""

    database: Database
    clock: Clock
    metrics: Metrics

    async def once(self) -> int:
        """Set the gauges, of each class and channel; always 0."""
        for means in TO_AN_ADDRESS:
            async with self.database.connection() as connection:
                activity = await due.first_activity(connection, means)
                communication = await due.first_communication(connection, means)
            self._tell(MessageClass.ACCOUNT_ACTIVITY, means, activity)
            self._tell(MessageClass.PRACTICE_COMMUNICATION, means, communication)
        return 0

    def _tell(self, message_class: MessageClass, means: Means, first: datetime | None) -> None:
        late = (self.clock.now() - first).total_seconds() if first else 0.0
        self.metrics.gauge(
            "deliveries_due_seconds", max(late, 0.0), message_class=message_class, channel=means
        )
