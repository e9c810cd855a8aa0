"""Bounces: a mail that came back ends its delivery, or goes on to its next address (NT-5, NT-2);
and receipts, where mail servers are asked for them.
"""

from dataclasses import dataclass
from enum import StrEnum

from services.notify.actions import Action
from services.notify.bounces import reports
from services.notify.bounces.store import bounces as store
from services.notify.sending.return_paths import Returned, ReturnPaths
from services.notify.suppressions.model import NoMailbox, means_no_mailbox
from services.notify.suppressions.suppressions import Suppressions
from shared.acts import Acts, By
from shared.metrics import Metrics


class Handed(StrEnum):
    """What came of a mail that a mail server handed over."""

    BOUNCED = "bounced"
    DELIVERED = "delivered"
    OVER = "over"  #: its delivery was not out, or came back before
    NO_FAILURE = "no-failure"  #: a delay, a server that tells no more, a machine's answer, a person
    NO_TAG = "no-tag"  #: nothing that was written here: anybody's


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounces:
    """Nothing of a mail is believed that is not addressed to a return path of ours."""

    return_paths: ReturnPaths
    suppressions: Suppressions
    acts: Acts
    metrics: Metrics

    async def take(self, message: bytes, *, by: By) -> None:
        """Take what a mail server hands over; what is none of ours is ignored, and counted."""
        handed = await self._take(message, by=by)
        self.metrics.count("bounces", outcome=handed)

    async def _take(self, message: bytes, *, by: By) -> Handed:
        report = reports.read(message)
        returned = self.return_paths.find(report.to)
        if returned is None:
            return Handed.NO_TAG
        if report.delivered:
            return await self._arrive(returned, by=by)
        if not report.failed:
            return Handed.NO_FAILURE
        async with self.acts.open(by) as act:
            address = await store.bounce(act.tx, returned, report.status, now=act.now)
            if address is None:
                return Handed.OVER
            delivery_id = returned.delivery_id
            act.record(
                Action.BOUNCE_DELIVERY, "done", delivery=delivery_id, detail=report.status or ""
            )
            if report.status is not None and means_no_mailbox(report.status):
                found = NoMailbox(delivery_id=delivery_id, address=address, status=report.status)
                await self.suppressions.suppress(act.tx, [found], now=act.now)
        return Handed.BOUNCED

    async def _arrive(self, returned: Returned, *, by: By) -> Handed:
        async with self.acts.open(by) as act:
            if not await store.arrive(act.tx, returned, now=act.now):
                return Handed.OVER
            act.record(Action.DELIVER_DELIVERY, "done", delivery=returned.delivery_id)
        return Handed.DELIVERED
