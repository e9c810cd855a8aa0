"""Locks: wrong passwords in a row, counted alike for names that exist and that do not (LG-2)."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from services.identity.accounts.store import accounts
from services.identity.passwords.errors import UnlockLimit
from services.identity.passwords.model import Counted, LockNotice, LockPolicy
from services.identity.passwords.store import lockouts as store
from shared.audit import Origin
from shared.clock import Clock
from shared.contracts.contract import Contract
from shared.contracts.identity import (
    ACCOUNT_LOCKED,
    PASSWORD_DISABLED,
    AccountLocked,
    AccountState,
    Activity,
    PasswordDisabled,
)
from shared.contracts.ids import AccountId
from shared.db import Connection
from shared.messaging.outbox import Outbox
from shared.randomness import Randomness
from shared.tokens import Digests
from shared.transactions import Transactions

NOBODY = AccountId(UUID(int=0))
TICK = 0.25  # seconds, jittered; never woken by a request: the delay tells nothing
RECORDS_EVERY = 1.0  # seconds
BATCH = 50

A = TypeVar("A", bound=Activity)


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

    async def clear(self, tx: Connection, account_id: AccountId, *, now: datetime) -> None:
        """A completed reset clears the lock, and what was to be told of it."""
        await store.clear(tx, self._key(account_id, ""), now=now)

    async def unlock(self, tx: Connection, account_id: AccountId, *, now: datetime) -> bool:
        """The practice clears the lock. False where there was nothing to clear.

        Raises UnlockLimit where that was done as often as it may be in a day: else whoever has
        the practice's client could let somebody guess without end.
        """
        key = self._key(account_id, "")
        if await store.unlock(tx, key, policy=self.policy, now=now):
            return True
        at = await store.next_unlock(tx, key, policy=self.policy, now=now)
        if at is not None:
            raise UnlockLimit(retry_after=(at - now).total_seconds())
        return False

    def _key(self, account_id: AccountId | None, name_key: str) -> bytes:
        if account_id is None:
            return self.digests.of("lock-unknown-name", name_key)
        return self.digests.of("lock-account", str(account_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class LockNotices:
    """The loop that tells holders of their locks: once a lock, at most 3 a day; and of a password
    that was disabled, always.
    """

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
        if view is None or view.account.state is AccountState.MERGED:
            return  # a merged account's password opens nothing that its survivor had to hear of
        account = view.account
        if notice.locked_until is not None and notice.within_limit:
            locked = AccountLocked(
                account_id=account.id,
                recipients=view.recipients,
                locale=account.locale,
                time_zone=account.time_zone,
                occurred_at=now,
                locked_until=notice.locked_until,
            )
            await self._publish(tx, ACCOUNT_LOCKED, locked, "lock.notice")
        if notice.disabled:
            disabled = PasswordDisabled(
                account_id=account.id,
                recipients=view.recipients,
                locale=account.locale,
                time_zone=account.time_zone,
                occurred_at=now,
            )
            await self._publish(tx, PASSWORD_DISABLED, disabled, "password.disable")

    async def _publish(
        self, tx: Connection, contract: Contract[A], activity: A, action: str
    ) -> None:
        origin = of_the_service(self.randomness)
        await self.outbox.add(tx, contract, activity, subject=activity.account_id, origin=origin)
        await self.transactions.audit.record(
            tx, origin, action=action, outcome="done", subject=f"account:{activity.account_id}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LockRecords:
    """The loop that has the audit know when a lock of an account began, and when it was over.

    Not the log-on that brings it about: its statements are the same for every name (LG-2).
    """

    transactions: Transactions
    clock: Clock
    randomness: Randomness

    async def once(self) -> int:
        """Write what is due of up to BATCH locks; one of nobody's leaves no row."""
        async with self.transactions.database.transaction() as tx:
            records = await store.take_records(tx, now=self.clock.now(), limit=BATCH)
            for record in records:
                if record.account_id is not None:
                    await self._write(tx, record.account_id, record.actions)
        return len(records) // BATCH

    async def _write(self, tx: Connection, account_id: AccountId, actions: tuple[str, ...]) -> None:
        for action in actions:
            await self.transactions.audit.record(
                tx,
                of_the_service(self.randomness),
                action=action,
                outcome="done",
                subject=f"account:{account_id}",
            )


def of_the_service(randomness: Randomness) -> Origin:
    """What a loop does is nobody's request."""
    return Origin(actor="service", source="", correlation_id=randomness.uuid())
