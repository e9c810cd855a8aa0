"""Locks: wrong passwords in a row, counted alike for names that exist and that do not (LG-2)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.identity.lock_model import Counted, LockNotice, LockPolicy
from services.identity.store import accounts
from services.identity.store import lockouts as store
from shared.audit import Origin
from shared.clock import Clock
from shared.contracts.identity import ACCOUNT_LOCKED, AccountLocked, AccountState
from shared.contracts.ids import AccountId
from shared.db import Connection
from shared.messaging.outbox import Outbox
from shared.randomness import Randomness
from shared.tokens import Digests
from shared.transactions import Transactions

NOBODY = AccountId(UUID(int=0))
TICK = 0.25  # seconds, jittered; never woken by a request: the delay tells nothing
BATCH = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Lockouts:
    digests: Digests
    policy: LockPolicy

    async def count(
        self,
        tx: Connection,
        account_id: AccountId | None,
        name_key: str,
        *,
        right: bool,
        now: datetime,
    ) -> Counted:
        """Count a log-on's outcome; an account counts as one, whichever of its names was typed."""
        key = self._key(account_id, name_key)
        return await store.count(tx, key, account_id, right=right, policy=self.policy, now=now)

    async def clear(self, tx: Connection, account_id: AccountId) -> None:
        """A completed reset or the practice clears the lock."""
        await store.clear(tx, self._key(account_id, ""))

    def _key(self, account_id: AccountId | None, name_key: str) -> bytes:
        if account_id is None:
            return self.digests.of("lock-unknown-name", name_key)
        return self.digests.of("lock-account", str(account_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class LockNotices:
    """The loop that tells holders of their locks: once a lock, at most 3 a day."""

    transactions: Transactions
    outbox: Outbox
    clock: Clock
    randomness: Randomness
    policy: LockPolicy

    async def once(self) -> int:
        """Tell the holders of up to BATCH new locks; a lock of nobody's takes the same steps."""
        now = self.clock.now()
        async with self.transactions.database.transaction() as tx:
            notices = await store.take_notices(
                tx, a_day=self.policy.notices_a_day, now=now, limit=BATCH
            )
            for notice in notices:
                await self._tell(tx, notice, now)
        return len(notices) // BATCH

    async def _tell(self, tx: Connection, notice: LockNotice, now: datetime) -> None:
        view = await accounts.view(tx, notice.account_id or NOBODY)
        if view is None or not notice.within_limit or view.account.state is AccountState.MERGED:
            return  # a merged account's password opens nothing that its survivor had to hear of
        origin = Origin(actor="service", source="", correlation_id=self.randomness.uuid())
        account = view.account
        await self.outbox.add(
            tx,
            ACCOUNT_LOCKED,
            AccountLocked(
                account_id=account.id,
                recipients=view.recipients,
                locale=account.locale,
                time_zone=account.time_zone,
                occurred_at=now,
                locked_until=notice.locked_until,
            ),
            subject=account.id,
            origin=origin,
        )
        await self.transactions.audit.record(
            tx, origin, action="lock.notice", outcome="done", subject=f"account:{account.id}"
        )
