"""RC-3, the work: requests for a link become links to be mailed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.recovery.links.model import RESET_LINK, life_minutes
from services.recovery.projections.model import STRANGER, Addressee
from services.recovery.projections.store import addressees
from services.recovery.waiting.model import Decision, DueRequest, Outcome, decide
from shared import limits, one_time
from shared.acts import Act
from shared.contracts.ids import EventId
from shared.contracts.recovery import RESET_LINK_REQUESTED, ResetLinkRequested
from shared.contracts.sealed import Sealed
from shared.limits import Limit
from shared.one_time import Mint, Secret
from shared.trust.sealing import Seals


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A link made for a request, whoever it is for, sealed to the event that may carry it."""

    addressee: Addressee
    link: Secret
    event_id: EventId
    sealed: Sealed
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkMails:
    mint: Mint
    limit: Limit

    async def work(self, act: Act, requests: Sequence[DueRequest]) -> Sequence[Decision]:
        """Make a link for each request; only a hit's is kept and mailed.

        Raises CatchingUp without a key of notify's: nothing is ever written unsealed.
        """
        found = await addressees.by_name(act.tx, {due.request.name_digest for due in requests})
        budgets = await limits.take(
            act.tx,
            self.limit,
            {addressee.account_id.bytes for addressee in found.values()},
            now=act.now,
        )
        taken = {key for key, budget in budgets.items() if budget.granted}
        seals = await self.mint.sealer.within(act.tx)
        drafts = [self._draft(act, due, found, taken, seals) for due in requests]
        mailed = [draft for draft in drafts if draft.decision.outcome is Outcome.MAILED]
        await one_time.issue(act.tx, RESET_LINK, [draft.link for draft in mailed], now=act.now)
        for draft in mailed:
            self._mail(act, draft)
        return [draft.decision for draft in drafts]

    def _draft(
        self,
        act: Act,
        due: DueRequest,
        found: Mapping[bytes, Addressee],
        taken: set[bytes],
        seals: Seals,
    ) -> Draft:
        """Make a link and decide about it; of several requests for one account the first has it.

        The security version is the one known now, and is kept with the link.
        """
        known = found.get(due.request.name_digest)
        addressee = known or STRANGER
        minted = self.mint.make(
            RESET_LINK,
            addressee.account_id,
            life=timedelta(minutes=life_minutes(addressee.practice_minutes)),
            security_version=addressee.security_version,
            now=act.now,
        )
        event_id = act.new_id()
        sealed = minted.seal(seals, event_id=event_id, recipient=addressee.email)
        outcome = decide(
            known=known is not None,
            within_limits=addressee.account_id.bytes in taken,
            final=due.last,
        )
        taken.discard(addressee.account_id.bytes)
        decision = Decision(
            request=due.request,
            outcome=outcome,
            account_id=known.account_id if known else None,
        )
        return Draft(
            addressee=addressee,
            link=minted.secret,
            event_id=event_id,
            sealed=sealed,
            decision=decision,
        )

    def _mail(self, act: Act, draft: Draft) -> None:
        addressee = draft.addressee
        act.publish(
            RESET_LINK_REQUESTED,
            ResetLinkRequested(
                account_id=addressee.account_id,
                recipients=(addressee.email,),
                locale=addressee.locale,
                time_zone=addressee.time_zone,
                occurred_at=draft.link.issued_at,
                link=draft.sealed,
                link_expires_at=draft.link.expires_at,
                life_minutes=life_minutes(addressee.practice_minutes),
            ),
            subject=addressee.account_id,
            origin=draft.decision.request.origin,
            event_id=draft.event_id,
        )
