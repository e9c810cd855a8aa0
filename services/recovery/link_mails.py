"""RC-3, the work: requests for a link become links to be mailed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.recovery.model import (
    RESET_LINK,
    STRANGER,
    Decision,
    Holder,
    Look,
    Outcome,
    decide,
)
from services.recovery.store import accounts
from shared import limits, one_time
from shared.acts import Act
from shared.contracts.ids import EventId
from shared.contracts.recovery import RESET_LINK_REQUESTED, ResetLinkRequested
from shared.contracts.sealed import Sealed
from shared.limits import Limit
from shared.one_time import Mint, Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A link made for a request, whoever it is for, sealed to the event that may carry it."""

    holder: Holder
    link: Secret
    event_id: EventId
    sealed: Sealed
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkMails:
    mint: Mint
    limit: Limit

    async def work(self, act: Act, looks: Sequence[Look]) -> Sequence[Decision]:
        """Make a link for each request; only a hit's is kept and mailed.

        Raises CatchingUp without a key of notify's: nothing is ever written unsealed.
        """
        holders = await accounts.holders(act.tx, {look.request.name_digest for look in looks})
        budgets = await limits.take(
            act.tx,
            self.limit,
            {holder.account_id.bytes for holder in holders.values()},
            now=act.now,
        )
        taken = {key for key, budget in budgets.items() if budget.granted}
        drafts = [await self._draft(act, look, holders, taken) for look in looks]
        mailed = [draft for draft in drafts if draft.decision.outcome is Outcome.MAILED]
        await one_time.issue(act.tx, RESET_LINK, [draft.link for draft in mailed], now=act.now)
        for draft in mailed:
            self._mail(act, draft)
        return [draft.decision for draft in drafts]

    async def _draft(
        self, act: Act, look: Look, holders: Mapping[bytes, Holder], taken: set[bytes]
    ) -> Draft:
        """Make a link and decide about it; of several requests for one account the first has it.

        The security version is the one known now, and is kept with the link.
        """
        known = holders.get(look.request.name_digest)
        holder = known or STRANGER
        minted = self.mint.make(
            RESET_LINK,
            holder.account_id,
            life=timedelta(minutes=holder.life_minutes),
            security_version=holder.security_version,
            now=act.now,
        )
        event_id = act.new_id()
        sealed = await self.mint.seal(act.tx, minted, event_id=event_id, recipient=holder.email)
        outcome = decide(
            known=known is not None,
            within_limits=holder.account_id.bytes in taken,
            final=look.last,
        )
        taken.discard(holder.account_id.bytes)
        decision = Decision(
            request=look.request,
            outcome=outcome,
            account_id=known.account_id if known else None,
        )
        return Draft(
            holder=holder, link=minted.secret, event_id=event_id, sealed=sealed, decision=decision
        )

    def _mail(self, act: Act, draft: Draft) -> None:
        holder = draft.holder
        act.publish(
            RESET_LINK_REQUESTED,
            ResetLinkRequested(
                account_id=holder.account_id,
                recipients=(holder.email,),
                locale=holder.locale,
                time_zone=holder.time_zone,
                occurred_at=draft.link.issued_at,
                link=draft.sealed,
                link_expires_at=draft.link.expires_at,
                life_minutes=holder.life_minutes,
            ),
            subject=holder.account_id,
            origin=draft.decision.request.origin,
            event_id=draft.event_id,
        )
