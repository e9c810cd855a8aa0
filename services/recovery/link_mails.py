"""RC-3, the work: a loop that ticks turns accepted requests into links to be mailed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.recovery.link_mint import LinkMint, NewLink
from services.recovery.model import (
    STRANGER,
    Holder,
    LinkLimits,
    LinkRequest,
    Outcome,
    decide,
    miss_is_final,
    next_look,
)
from services.recovery.store import accounts, link_budgets, link_requests, links
from shared.audit import Audit
from shared.clock import Clock
from shared.contracts.ids import AccountId
from shared.contracts.recovery import RESET_LINK_REQUESTED, ResetLinkRequested
from shared.db import Connection, Database
from shared.errors import CatchingUp
from shared.messaging.outbox import Outbox

BATCH = 100
ACTION = "reset-link.request"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRules:
    """The numbers of RC-3 that a deployment may set."""

    limits: LinkLimits = field(default_factory=LinkLimits)
    patience: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A request with the link made for it, whoever it is for."""

    request: LinkRequest
    holder: Holder | None
    made: NewLink
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkMails:
    database: Database
    clock: Clock
    mint: LinkMint
    outbox: Outbox
    audit: Audit
    rules: LinkRules
    fed_since: Callable[[], datetime | None]
    """Since when this replica hears of accounts; None while it does not."""

    async def once(self) -> int:
        """Work on a batch of due requests in one transaction; return how many.

        Without a key of notify's nothing can be sealed, so nothing is decided: hit and miss wait.
        """
        now = self.clock.now()
        try:
            async with self.database.transaction() as tx:
                requests = await link_requests.claim(tx, now=now, limit=BATCH)
                if requests:
                    await self._work(tx, requests, now)
                return len(requests)
        except CatchingUp:
            return 0

    async def _work(self, tx: Connection, requests: Sequence[LinkRequest], now: datetime) -> None:
        """Do the same steps for hit and miss up to the outbox row."""
        holders = await accounts.holders(tx, {request.name_digest for request in requests})
        taken = await link_budgets.take(
            tx,
            {holder.account_id for holder in holders.values()},
            limits=self.rules.limits,
            now=now,
        )
        drafts = [await self._draft(tx, request, holders, taken, now) for request in requests]
        mailed = [draft for draft in drafts if draft.outcome is Outcome.MAILED]
        await links.replace(tx, [draft.made.link for draft in mailed], now=now)
        for draft in drafts:
            await self._tell(tx, draft)
        await self._finish(tx, drafts, now)

    async def _draft(
        self,
        tx: Connection,
        request: LinkRequest,
        holders: Mapping[bytes, Holder],
        taken: set[AccountId],
        now: datetime,
    ) -> Draft:
        """Make a link and decide about it; of several requests for one account the first has it."""
        holder = holders.get(request.name_digest)
        made = await self.mint.make(tx, holder or STRANGER, now=now)
        outcome = decide(
            known=holder is not None,
            within_limits=made.link.account_id in taken,
            final=miss_is_final(
                request.requested_at,
                fed_since=self.fed_since(),
                patience=self.rules.patience,
                now=now,
            ),
        )
        taken.discard(made.link.account_id)
        return Draft(request=request, holder=holder, made=made, outcome=outcome)

    async def _tell(self, tx: Connection, draft: Draft) -> None:
        """Write the event for a mail, and the audit row for every final outcome."""
        request, holder = draft.request, draft.holder
        if draft.outcome is Outcome.LATER:
            return
        mailed = draft.outcome is Outcome.MAILED
        if mailed and holder is not None:
            await self.outbox.add(
                tx,
                RESET_LINK_REQUESTED,
                ResetLinkRequested(
                    account_id=holder.account_id,
                    recipients=(holder.email,),
                    locale=holder.locale,
                    time_zone=holder.time_zone,
                    occurred_at=draft.made.link.issued_at,
                    link=draft.made.sealed,
                    link_expires_at=draft.made.link.expires_at,
                    life_minutes=draft.made.life_minutes,
                ),
                subject=holder.account_id,
                origin=request.origin,
                event_id=draft.made.event_id,
            )
        await self.audit.record(
            tx,
            request.origin,
            action=ACTION,
            outcome="done" if mailed else "refused",
            subject=None if holder is None else f"account:{holder.account_id}",
            detail=draft.outcome,
        )

    async def _finish(self, tx: Connection, drafts: Sequence[Draft], now: datetime) -> None:
        """Forget what is final, and look at the rest again."""
        later = [draft.request for draft in drafts if draft.outcome is Outcome.LATER]
        final = [draft.request.id for draft in drafts if draft.outcome is not Outcome.LATER]
        await link_requests.close(tx, final)
        await link_requests.postpone(
            tx,
            {
                request.id: next_look(request.requested_at, patience=self.rules.patience, now=now)
                for request in later
            },
        )
