"""RC-1, the work: requests for a username become mails to the verified account e-mail."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.recovery.model import STRANGER, Decision, Holder, Look, Outcome, Request, decide
from services.recovery.store import accounts
from shared import limits
from shared.acts import Act
from shared.contracts.ids import EventId
from shared.contracts.recovery import USERNAME_REMINDER_REQUESTED, UsernameReminderRequested
from shared.contracts.sealed import Sealed, SealPurpose
from shared.db import Connection
from shared.limits import Limit
from shared.trust.sealing import Sealer

LIFE = timedelta(hours=24)  # of a mail that waits for its server: who asked has asked again by then


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminders:
    sealer: Sealer
    limit: Limit

    async def work(self, act: Act, looks: Sequence[Look]) -> Sequence[Decision]:
        """Decide about each request, in their order, and mail the hits within the limit.

        A username is sealed for each, nobody's too. Raises CatchingUp without a key of notify's.
        """
        holders = await accounts.holders_of_addresses(
            act.tx, {look.request.name_digest for look in looks}
        )
        left = await self._count(act.tx, looks, holders, act.now)
        decisions = []
        for look in looks:
            decision = self._decide(look, holders, left)
            left[look.request.name_digest] -= 1
            decisions.append(decision)
            holder = holders.get(look.request.name_digest, STRANGER)
            event_id, username = await self._seal(act, holder)
            if decision.outcome is Outcome.MAILED:
                self._mail(act, look.request, holder, event_id, username)
        return decisions

    async def _count(
        self,
        tx: Connection,
        looks: Sequence[Look],
        holders: Mapping[bytes, Holder],
        now: datetime,
    ) -> Counter[bytes]:
        """Count what is decided now, once a request; return how many of each are within limits."""
        decided = [
            look.request.name_digest
            for look in looks
            if look.last or look.request.name_digest in holders
        ]
        taken = await limits.take(tx, self.limit, decided, now=now)
        return Counter({digest: each.granted for digest, each in taken.items()})

    def _decide(
        self, look: Look, holders: Mapping[bytes, Holder], left: Counter[bytes]
    ) -> Decision:
        holder = holders.get(look.request.name_digest)
        outcome = decide(
            known=holder is not None,
            within_limits=left[look.request.name_digest] > 0,
            final=look.last,
        )
        return Decision(
            request=look.request,
            outcome=outcome,
            account_id=holder.account_id if holder else None,
        )

    async def _seal(self, act: Act, holder: Holder) -> tuple[EventId, Sealed]:
        """Bind it to the event that will carry it: no queue and no dead letter can be read."""
        event_id = act.new_id()
        sealed = await self.sealer.seal(
            act.tx,
            holder.username,
            event_id=event_id,
            purpose=SealPurpose.USERNAME,
            recipient=holder.email,
            expires_at=act.now + LIFE,
        )
        return event_id, sealed

    def _mail(
        self, act: Act, request: Request, holder: Holder, event_id: EventId, username: Sealed
    ) -> None:
        act.publish(
            USERNAME_REMINDER_REQUESTED,
            UsernameReminderRequested(
                account_id=holder.account_id,
                recipients=(holder.email,),
                locale=holder.locale,
                time_zone=holder.time_zone,
                occurred_at=act.now,
                username=username,
            ),
            subject=holder.account_id,
            origin=request.origin,
            event_id=event_id,
        )
