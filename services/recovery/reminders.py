"""RC-1, the work: requests for a username become mails to the verified account e-mail."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.recovery.model import (
    STRANGER,
    Addressee,
    Decision,
    DueRequest,
    Outcome,
    Request,
    decide,
)
from services.recovery.store import accounts
from shared import limits
from shared.acts import Act
from shared.contracts.ids import EventId
from shared.contracts.recovery import USERNAME_REMINDER_REQUESTED, UsernameReminderRequested
from shared.contracts.sealed import Sealed, SealPurpose
from shared.db import Connection
from shared.limits import Limit
from shared.trust.sealing import Sealer, Seals

LIFE = timedelta(hours=24)  # of a mail that waits for its server: who asked has asked again by then


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminders:
    sealer: Sealer
    limit: Limit

    async def work(self, act: Act, requests: Sequence[DueRequest]) -> Sequence[Decision]:
        """Decide about each request, in their order, and mail the hits within the limit.

        A username is sealed for each, nobody's too. Raises CatchingUp without a key of notify's.
        """
        addressees = await accounts.addressees_by_address(
            act.tx, {due.request.name_digest for due in requests}
        )
        left = await self._count(act.tx, requests, addressees, act.now)
        seals = await self.sealer.within(act.tx)
        decisions = []
        for due in requests:
            decision = self._decide(due, addressees, left)
            left[due.request.name_digest] -= 1
            decisions.append(decision)
            addressee = addressees.get(due.request.name_digest, STRANGER)
            event_id, username = self._seal(act, addressee, seals)
            if decision.outcome is Outcome.MAILED:
                self._mail(act, due.request, addressee, event_id, username)
        return decisions

    async def _count(
        self,
        tx: Connection,
        requests: Sequence[DueRequest],
        addressees: Mapping[bytes, Addressee],
        now: datetime,
    ) -> Counter[bytes]:
        """Count what is decided now, once a request; return how many of each are within limits."""
        decided = [
            due.request.name_digest
            for due in requests
            if due.last or due.request.name_digest in addressees
        ]
        taken = await limits.take(tx, self.limit, decided, now=now)
        return Counter({digest: each.granted for digest, each in taken.items()})

    def _decide(
        self, due: DueRequest, addressees: Mapping[bytes, Addressee], left: Counter[bytes]
    ) -> Decision:
        addressee = addressees.get(due.request.name_digest)
        outcome = decide(
            known=addressee is not None,
            within_limits=left[due.request.name_digest] > 0,
            final=due.last,
        )
        return Decision(
            request=due.request,
            outcome=outcome,
            account_id=addressee.account_id if addressee else None,
        )

    def _seal(self, act: Act, addressee: Addressee, seals: Seals) -> tuple[EventId, Sealed]:
        """Bind it to the event that will carry it: no queue and no dead letter can be read."""
        event_id = act.new_id()
        sealed = seals.seal(
            addressee.username,
            event_id=event_id,
            purpose=SealPurpose.USERNAME,
            recipient=addressee.email,
            expires_at=act.now + LIFE,
        )
        return event_id, sealed

    def _mail(
        self, act: Act, request: Request, addressee: Addressee, event_id: EventId, username: Sealed
    ) -> None:
        act.publish(
            USERNAME_REMINDER_REQUESTED,
            UsernameReminderRequested(
                account_id=addressee.account_id,
                recipients=(addressee.email,),
                locale=addressee.locale,
                time_zone=addressee.time_zone,
                occurred_at=act.now,
                username=username,
            ),
            subject=addressee.account_id,
            origin=request.origin,
            event_id=event_id,
        )
