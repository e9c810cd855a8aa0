"""What holders are told of locked questions, by a loop, so that no call takes longer (RC-4)."""

from dataclasses import dataclass

from services.recovery.actions import Action
from services.recovery.questions.model import Recipient, RoundNotice, RoundPolicy
from services.recovery.questions.store import rounds as store
from shared.acts import Act, Acts
from shared.clock import Clock
from shared.contracts.recovery import RECOVERY_LOCKED, RecoveryLocked

TICK = 0.25  # seconds, jittered; never woken by a request: the delay tells nothing
BATCH = 50
SWEPT = 1000  # rows a round
SWEEP_EVERY = 60.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundNotices:
    acts: Acts
    clock: Clock
    policy: RoundPolicy

    async def once(self) -> int:
        """Tell the holders of up to BATCH new locks; one of a name that nobody has is passed by."""
        async with self.acts.open(self.acts.of_the_service(self.clock.now())) as act:
            notices = await store.take_notices(act.tx, limit=BATCH)
            ids = [notice.account_id for notice in notices if notice.account_id is not None]
            known = await store.recipients(act.tx, ids)
            for notice in notices:
                if notice.account_id is not None and notice.account_id in known:
                    self._tell(act, notice, known[notice.account_id])
        return len(notices) // BATCH

    async def sweep(self) -> int:
        """Forget names that nobody has."""
        async with self.acts.database.transaction() as tx:
            return await store.sweep_unknown(tx, now=self.clock.now(), limit=SWEPT)

    def _tell(self, act: Act, notice: RoundNotice, to: Recipient) -> None:
        origin = self.acts.of_the_service(act.now).origin  # a story of its own
        act.publish(
            RECOVERY_LOCKED,
            RecoveryLocked(
                account_id=to.account_id,
                recipients=(to.email,) if to.email else (),
                locale=to.locale,
                time_zone=to.time_zone,
                occurred_at=notice.locked_until - self.policy.lasts,  # a log-on since then reopens
                locked_until=notice.locked_until,
                closed=notice.closing is not None,
                closing=notice.closing,
            ),
            subject=to.account_id,
            origin=origin,
        )
        act.record(
            Action.LOCK_QUESTIONS,
            account=to.account_id,
            origin=origin,
            detail="closed" if notice.closing else None,
        )
