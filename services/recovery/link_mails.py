"""RC-3, the work: requests for a link become links to be mailed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.recovery.link_mint import LinkMint, NewLink
from services.recovery.model import (
    STRANGER,
    Decision,
    Holder,
    LinkLimits,
    Look,
    Outcome,
    decide,
)
from services.recovery.store import accounts, link_budgets, links
from shared.acts import Act
from shared.contracts.ids import AccountId
from shared.contracts.recovery import RESET_LINK_REQUESTED, ResetLinkRequested
from shared.db import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A link made for a request, whoever it is for, and whether it goes out."""

    holder: Holder
    made: NewLink
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkMails:
    mint: LinkMint
    limits: LinkLimits

    async def work(self, act: Act, looks: Sequence[Look]) -> Sequence[Decision]:
        """Make a link for each request; only a hit's is kept and mailed.

        Raises CatchingUp without a key of notify's: nothing is ever written unsealed.
        """
        holders = await accounts.holders(act.tx, {look.request.name_digest for look in looks})
        taken = await link_budgets.take(
            act.tx,
            {holder.account_id for holder in holders.values()},
            limits=self.limits,
            now=act.now,
        )
        drafts = [await self._draft(act.tx, look, holders, taken, act.now) for look in looks]
        mailed = [draft for draft in drafts if draft.decision.outcome is Outcome.MAILED]
        await links.replace(act.tx, [draft.made.link for draft in mailed], now=act.now)
        for draft in mailed:
            self._mail(act, draft)
        return [draft.decision for draft in drafts]

    async def _draft(
        self,
        tx: Connection,
        look: Look,
        holders: Mapping[bytes, Holder],
        taken: set[AccountId],
        now: datetime,
    ) -> Draft:
        """Make a link and decide about it; of several requests for one account the first has it."""
        known = holders.get(look.request.name_digest)
        holder = known or STRANGER
        made = await self.mint.make(tx, holder, now=now)
        outcome = decide(
            known=known is not None,
            within_limits=holder.account_id in taken,
            final=look.last,
        )
        taken.discard(holder.account_id)
        decision = Decision(
            request=look.request,
            outcome=outcome,
            account_id=known.account_id if known else None,
        )
        return Draft(holder=holder, made=made, decision=decision)

    def _mail(self, act: Act, draft: Draft) -> None:
        holder, made = draft.holder, draft.made
        act.publish(
            RESET_LINK_REQUESTED,
            ResetLinkRequested(
                account_id=holder.account_id,
                recipients=(holder.email,),
                locale=holder.locale,
                time_zone=holder.time_zone,
                occurred_at=made.link.issued_at,
                link=made.sealed,
                link_expires_at=made.link.expires_at,
                life_minutes=made.life_minutes,
            ),
            subject=holder.account_id,
            origin=draft.decision.request.origin,
            event_id=made.event_id,
        )
