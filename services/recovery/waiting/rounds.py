"""Accept first, work later, the work: a loop that ticks does the same for hit and miss."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from services.recovery.actions import Action
from services.recovery.waiting.model import (
    Decision,
    DueRequest,
    Kind,
    Outcome,
    Request,
    miss_is_final,
    next_look,
)
from services.recovery.waiting.store import requests as store
from shared.acts import Act, Acts
from shared.clock import Clock
from shared.errors import CatchingUp
from shared.logs import correlated

BATCH = 100
ACTIONS: Mapping[Kind, Action] = MappingProxyType(
    {Kind.RESET_LINK: Action.REQUEST_LINK, Kind.USERNAME_REMINDER: Action.REQUEST_REMINDER}
)

Work = Callable[[Act, Sequence[DueRequest]], Awaitable[Sequence[Decision]]]
"""Decides about each request and mails; takes a miss through every step but the outbox row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    kind: Kind
    work: Work
    acts: Acts
    clock: Clock
    patience: timedelta
    fed_since: Callable[[], datetime | None]
    """Since when this replica hears of accounts; None while it does not."""

    async def once(self) -> int:
        """Work on a batch of due requests in one transaction; return how many.

        Where the work lacks a fact of another service's nothing is decided: hit and miss wait.
        """
        now = self.clock.now()
        with suppress(CatchingUp), ExitStack() as story:  # around the act: its end can fail as well
            async with self.acts.open(self.acts.of_the_service(now)) as act:
                claimed = await store.claim(act.tx, self.kind, now=now, limit=BATCH)
                stories = (request.origin.correlation_id for request in claimed)
                story.enter_context(correlated(*stories))
                if claimed:
                    requests = [self._due(request, now) for request in claimed]
                    await self._settle(act, await self.work(act, requests))
            return len(claimed)
        return 0

    def _due(self, request: Request, now: datetime) -> DueRequest:
        last = miss_is_final(
            request.requested_at, fed_since=self.fed_since(), patience=self.patience, now=now
        )
        return DueRequest(request=request, last=last)

    async def _settle(self, act: Act, decisions: Sequence[Decision]) -> None:
        """Audit and forget what is final, and look at the rest again."""
        later = [each.request for each in decisions if each.outcome is Outcome.LATER]
        final = [each for each in decisions if each.outcome is not Outcome.LATER]
        for decision in final:
            self._record(act, decision)
        await store.close(act.tx, self.kind, [decision.request.id for decision in final])
        await store.postpone(
            act.tx,
            self.kind,
            {
                request.id: next_look(request.requested_at, patience=self.patience, now=act.now)
                for request in later
            },
        )

    def _record(self, act: Act, decision: Decision) -> None:
        act.record(
            ACTIONS[self.kind],
            "done" if decision.outcome is Outcome.MAILED else "refused",
            account=decision.account_id,
            detail=decision.outcome,
            origin=decision.request.origin,
        )
