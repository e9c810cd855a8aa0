"""Accept first, work later, the work: a loop that ticks does the same for hit and miss."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.recovery.model import (
    Decision,
    Kind,
    Look,
    Outcome,
    Request,
    miss_is_final,
    next_look,
)
from services.recovery.store import requests as store
from shared.audit import Audit
from shared.clock import Clock
from shared.db import Connection, Database
from shared.errors import CatchingUp
from shared.logs import correlated

BATCH = 100

Work = Callable[[Connection, Sequence[Look], datetime], Awaitable[Sequence[Decision]]]
"""Decides about each request and mails; takes a miss through every step but the outbox row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    kind: Kind
    work: Work
    database: Database
    clock: Clock
    audit: Audit
    patience: timedelta
    fed_since: Callable[[], datetime | None]
    """Since when this replica hears of accounts; None while it does not."""

    async def once(self) -> int:
        """Work on a batch of due requests in one transaction; return how many.

        Where the work lacks a fact of another service's nothing is decided: hit and miss wait.
        """
        now = self.clock.now()
        try:
            async with self.database.transaction() as tx:
                requests = await store.claim(tx, self.kind, now=now, limit=BATCH)
                with correlated(*(request.origin.correlation_id for request in requests)):
                    if requests:
                        looks = [self._look(request, now) for request in requests]
                        await self._settle(tx, await self.work(tx, looks, now), now)
                return len(requests)
        except CatchingUp:
            return 0

    def _look(self, request: Request, now: datetime) -> Look:
        last = miss_is_final(
            request.requested_at, fed_since=self.fed_since(), patience=self.patience, now=now
        )
        return Look(request=request, last=last)

    async def _settle(self, tx: Connection, decisions: Sequence[Decision], now: datetime) -> None:
        """Audit and forget what is final, and look at the rest again."""
        later = [each.request for each in decisions if each.outcome is Outcome.LATER]
        final = [each for each in decisions if each.outcome is not Outcome.LATER]
        for decision in final:
            await self._record(tx, decision)
        await store.close(tx, self.kind, [decision.request.id for decision in final])
        await store.postpone(
            tx,
            self.kind,
            {
                request.id: next_look(request.requested_at, patience=self.patience, now=now)
                for request in later
            },
        )

    async def _record(self, tx: Connection, decision: Decision) -> None:
        await self.audit.record(
            tx,
            decision.request.origin,
            action=f"{self.kind}.request",
            outcome="done" if decision.outcome is Outcome.MAILED else "refused",
            subject=f"account:{decision.account_id}" if decision.account_id else None,
            detail=decision.outcome,
        )
