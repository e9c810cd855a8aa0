"""RC-1, RC-2, the work: requests for a username become mails to a verified address."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from services.recovery.projections.model import STRANGER, Addressee
from services.recovery.projections.store import addressees
from services.recovery.usernames.model import Holder, Recipient, is_one_of
from services.recovery.usernames.store import holders
from services.recovery.waiting.model import Decision, DueRequest, Outcome, Request, decide
from shared import limits
from shared.acts import Act
from shared.contracts.addresses import masked
from shared.contracts.ids import EventId
from shared.contracts.recovery import (
    USERNAME_MAILED_ELSEWHERE,
    USERNAME_REMINDER_REQUESTED,
    UsernameMailedElsewhere,
    UsernameReminderRequested,
)
from shared.contracts.sealed import Sealed, SealPurpose
from shared.limits import Limit
from shared.trust.sealing import Sealer, Seals
from shared.trust.tokens import Digests

LIFE = timedelta(hours=24)  # of a mail that waits for its server: who asked has asked again by then

Found = Mapping[UUID, Sequence[Recipient]]
"""By request, whose username is mailed for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminders:
    sealer: Sealer
    digests: Digests
    limit: Limit
    named_limit: Limit
    """Of requests with a name and a date of birth (RC-2)."""

    async def work(self, act: Act, requests: Sequence[DueRequest]) -> Sequence[Decision]:
        """Decide about each request, in their order, and mail the hits within the limit.

        A username is sealed for each, nobody's too. Raises CatchingUp without a key of notify's.
        """
        found = await self._found(act, requests)
        left = await self._count(act, requests, found)
        seals = await self.sealer.within(act.tx)
        decisions: list[Decision] = []
        for due in requests:
            recipients = found[due.request.id]
            counts = _counts(due, found)
            within = not counts or left[_counted(due.request)] > 0
            outcome = decide(
                known=bool(recipients), within_limits=within, final=due.last or not within
            )
            left[_counted(due.request)] -= counts
            for recipient in recipients or (NOBODY,):
                event_id, username = self._seal(act, recipient, seals)
                if outcome is Outcome.MAILED:
                    self._mail(act, due.request, recipient, event_id, username)
            decisions += [
                Decision(request=due.request, outcome=outcome, account_id=account_id)
                for account_id in [each.account_id for each in recipients] or (None,)
            ]
        return decisions

    async def _found(self, act: Act, requests: Sequence[DueRequest]) -> Found:
        """Look for every address in the same steps, whichever kind it may be."""
        asked = [due.request for due in requests]
        by_email = await addressees.by_email(act.tx, {request.name_digest for request in asked})
        by_address = await holders.find(
            act.tx, {request.name_digest for request in asked if request.person_digests}
        )
        return {
            request.id: (
                *_at_her_email(by_email.get(request.name_digest)),
                *self._elsewhere(request, by_address.get(request.name_digest, ())),
            )
            for request in asked
        }

    def _elsewhere(self, request: Request, having: Sequence[Holder]) -> Sequence[Recipient]:
        """Those of whom all three are: address, last name and date of birth (RC-2)."""
        typed = request.person_digests
        if typed is None:
            return ()
        matching = [is_one_of(each.records, typed, self.digests) for each in having]
        if not having:
            is_one_of((), typed, self.digests)
        return [
            Recipient(
                account_id=each.account_id,
                username=each.username,
                address=each.address,
                locale=each.locale,
                time_zone=each.time_zone,
                elsewhere=True,
                told=each.email,
            )
            for each, matches in zip(having, matching, strict=True)
            if matches
        ]

    async def _count(
        self, act: Act, requests: Sequence[DueRequest], found: Found
    ) -> Counter[tuple[bool, bytes]]:
        """Count each request once; return how many of each are within limits.

        With a name and a date one counts on its own limit, by the same address.
        """
        counted = [_counted(due.request) for due in requests if _counts(due, found)]
        left: Counter[tuple[bool, bytes]] = Counter()
        for named, limit in ((False, self.limit), (True, self.named_limit)):
            keys = [digest for is_named, digest in counted if is_named is named]
            taken = await limits.take(act.tx, limit, keys, now=act.now)
            left.update({(named, digest): each.granted for digest, each in taken.items()})
        return left

    def _seal(self, act: Act, recipient: Recipient, seals: Seals) -> tuple[EventId, Sealed]:
        """Bind it to the event that will carry it: no queue and no dead letter can be read."""
        event_id = act.new_id()
        sealed = seals.seal(
            recipient.username,
            event_id=event_id,
            purpose=SealPurpose.USERNAME,
            recipient=recipient.address,
            expires_at=act.now + LIFE,
        )
        return event_id, sealed

    def _mail(
        self, act: Act, request: Request, recipient: Recipient, event_id: EventId, username: Sealed
    ) -> None:
        act.publish(
            USERNAME_REMINDER_REQUESTED,
            UsernameReminderRequested(
                account_id=recipient.account_id,
                recipients=(recipient.address,),
                locale=recipient.locale,
                time_zone=recipient.time_zone,
                occurred_at=act.now,
                username=username,
            ),
            subject=recipient.account_id,
            origin=request.origin,
            event_id=event_id,
        )
        if recipient.elsewhere:
            act.publish(
                USERNAME_MAILED_ELSEWHERE,
                UsernameMailedElsewhere(
                    account_id=recipient.account_id,
                    recipients=(recipient.told,) if recipient.told is not None else (),
                    locale=recipient.locale,
                    time_zone=recipient.time_zone,
                    occurred_at=act.now,
                    address=masked(recipient.address),
                ),
                subject=recipient.account_id,
                origin=request.origin,
            )


def _counts(due: DueRequest, found: Found) -> bool:
    """Whether it counts by this look. With a name and a date it does by its first, right or wrong,
    or as many could be tried as come while a miss is waited for; without, once it is decided.
    """
    if due.request.person_digests is not None:
        return not due.request.seen
    return due.last or bool(found[due.request.id])


def _counted(request: Request) -> tuple[bool, bytes]:
    return request.person_digests is not None, request.name_digest


def _at_her_email(addressee: Addressee | None) -> Sequence[Recipient]:
    """RC-1: whoever reads that mailbox is told without more ado, name and date given or not."""
    return () if addressee is None else (_of(addressee),)


def _of(addressee: Addressee) -> Recipient:
    return Recipient(
        account_id=addressee.account_id,
        username=addressee.username,
        address=addressee.email,
        locale=addressee.locale,
        time_zone=addressee.time_zone,
    )


NOBODY = _of(STRANGER)
