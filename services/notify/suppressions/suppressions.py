"""Addresses that get no mail: what puts them there, and whom it concerns is told (NT-5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.notify.ledger.model import DeliveryId, masked
from services.notify.ledger.store import deliveries
from services.notify.ledger.store.deliveries import Filing
from services.notify.suppressions.model import NoMailbox
from services.notify.suppressions.store import suppressions as store
from services.notify.suppressions.store.suppressions import Owner
from services.notify.tellings import contents
from services.notify.tellings.intents import Intent
from services.notify.tellings.model import MessageClass, Reason
from shared.contracts.ids import EventId
from shared.db import Connection
from shared.randomness import Randomness
from shared.trust.tokens import Digests


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressions:
    """Takes effect in the transaction of what found it out."""

    randomness: Randomness
    digests: Digests

    async def suppress(self, tx: Connection, found: Sequence[NoMailbox], *, now: datetime) -> None:
        """Send no mail to these addresses any more. Whose they are finds a notice in the portal."""
        owners = await store.add(tx, found, now=now)
        if owners:
            await deliveries.add(tx, [self._telling(owner, now) for owner in owners], now=now)

    def _telling(self, owner: Owner, now: datetime) -> Filing:
        content = contents.AddressSuppressed(address=masked(owner.address))
        return Filing(
            id=DeliveryId(self.randomness.uuid()),
            intent=Intent(
                event_id=EventId(owner.delivery_id),  # once for the mail that came back
                message_class=MessageClass.ACCOUNT_ACTIVITY,
                template=contents.template_of(content),
                account_id=owner.account_id,
                address=None,
                refusal=Reason.SUPPRESSED,
                content=content,
                locale=owner.locale,
                time_zone=owner.time_zone,
                occurred_at=now,
                correlation_id=owner.correlation_id,
            ),
            digest=self.digests.of("recipient", f"account:{owner.account_id}"),
        )
