"""Receipts: what became of a text message that its provider had taken (NT-3, NT-5)."""

from dataclasses import dataclass

import msgspec

from services.notify.actions import Action
from services.notify.ledger.model import State
from services.notify.sending.model import Verdict
from services.notify.sending.verdicts import falling_back
from services.notify.tellings.model import Reason
from services.notify.texts.model import Texted
from services.notify.texts.store import receipts as store
from shared.acts import Act, Acts, By

ARRIVED = frozenset({"delivered", "read"})
DID_NOT = frozenset({"undelivered", "failed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipts:
    """Each is believed once; one of a message that is over changes nothing, nor does one of an
    attempt after which it was sent again.
    """

    acts: Acts

    async def take(self, texted: Texted, status: str, *, by: By) -> None:
        """Record a final status; the others say that it is on its way."""
        if status in ARRIVED:
            async with self.acts.open(by) as act:
                await self._arrive(act, texted)
        elif status in DID_NOT:
            async with self.acts.open(by) as act:
                await self._fail(act, texted, status)

    async def _arrive(self, act: Act, texted: Texted) -> None:
        ended = await store.end(act.tx, texted, State.DELIVERED, None, now=act.now)
        if ended is not None:
            act.record(Action.DELIVER_DELIVERY, "done", delivery=texted.delivery_id)

    async def _fail(self, act: Act, texted: Texted, status: str) -> None:
        reason, delivery_id = Reason.UNDELIVERED, texted.delivery_id
        then = await store.end(act.tx, texted, State.FAILED, reason, now=act.now)
        if then is None:
            return
        act.record(Action.FAIL_DELIVERY, "done", delivery=delivery_id, detail=status)
        verdict = falling_back(Verdict(state=State.FAILED, reason=reason), then, now=act.now)
        if verdict.to is not None:
            fallback = msgspec.json.encode(verdict.then).decode()
            await store.go_on(act.tx, delivery_id, verdict.to, fallback, now=act.now)
        elif verdict.notice:
            await store.notice(act.tx, delivery_id, now=act.now)
