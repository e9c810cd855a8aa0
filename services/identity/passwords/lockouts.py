"""Locks: wrong passwords in a row, counted alike for names that exist and that do not (LG-2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.identity.accounts.store import accounts as account_store
from services.identity.accounts.tellings import tell
from services.identity.actions import Action
from services.identity.passwords.errors import UnlockLimit
from services.identity.passwords.model import Counted, LockNotice, LockPolicy
from services.identity.passwords.store import lockouts as store
from shared import limits
from shared.acts import Act, Acts
from shared.clock import Clock
from shared.contracts.identity import ACCOUNT_LOCKED, PASSWORD_DISABLED, AccountState
from shared.contracts.ids import AccountId
from shared.db import Connection
from shared.trust.tokens import Digests

NOBODY = AccountId(UUID(int=0))
TICK = 0.25  # seconds, jittered; never woken by a request: the delay tells nothing
RECORDS_EVERY = 1.0  # seconds
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
        device: bytes | None,
        *,
        right: bool,
        now: datetime,
    ) -> Counted:
        """Count a log-on's outcome; an account counts as one, whichever of its names was typed.

        `device` is the digest of a secret that came along; of another account it is none.
        """
        key = self._key(account_id, name_key)
        return await store.count(
            tx, key, account_id, device, right=right, policy=self.policy, now=now
        )

    async def turns_away(
        self,
        tx: Connection,
        account_id: AccountId | None,
        name_key: str,
        device: bytes | None,
        *,
        now: datetime,
    ) -> bool:
        """Whether a lock lets no outcome be told: what is held for it alone would tell by its time
        whether the password is right.
        """
        key = self._key(account_id, name_key)
        return await store.turns_away(tx, key, account_id, device, policy=self.policy, now=now)

    async def clear(self, tx: Connection, account_id: AccountId, *, now: datetime) -> None:
        """A completed reset clears the lock, and what was to be told of it."""
        await store.clear(tx, self._key(account_id, ""), now=now)

    async def unlock(self, tx: Connection, account_id: AccountId, *, now: datetime) -> bool:
        """The practice clears the lock. False where there was nothing to clear.

        Raises UnlockLimit where that was done as often as it may be in a day: else whoever has
        the practice's client could let somebody guess without end.
        """
        key = self._key(account_id, "")
        if not await store.unlock(tx, key, policy=self.policy, now=now):
            return False
        taken = (await limits.take(tx, self.policy.unlocks, [key], now=now))[key]
        if not taken.granted:
            raise UnlockLimit(retry_after=(taken.free_at - now).total_seconds())
        return True

    async def is_locked(self, tx: Connection, account_id: AccountId, *, now: datetime) -> bool:
        """Whether the account's password opens nothing now, for whatever it is tried."""
        return await self.turns_away(tx, account_id, "", None, now=now)

    def _key(self, account_id: AccountId | None, name_key: str) -> bytes:
        if account_id is None:
            return self.digests.of("lock-unknown-name", name_key)
        return self.digests.of("lock-account", str(account_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class LockNotices:
    """The loop that tells holders of their locks: once a lock, at most 3 a day; and of a password
    that was disabled, always.
    """

    acts: Acts
    clock: Clock
    policy: LockPolicy

    async def once(self) -> int:
        """Tell the holders of up to BATCH new locks; a lock of nobody's takes the same steps."""
        async with self.acts.open(self.acts.of_the_service(self.clock.now())) as act:
            notices = await store.take_notices(act.tx, limit=BATCH)
            within = await self._within_limit(act, notices)
            for notice in notices:
                await self._tell(act, notice, of_lock=notice.key in within)
        return len(notices) // BATCH

    async def _within_limit(self, act: Act, notices: Sequence[LockNotice]) -> set[bytes]:
        """Those whose holder may be told of a lock today, each counted."""
        locks = [notice.key for notice in notices if notice.locked_until is not None]
        if not locks:
            return set()
        taken = await limits.take(act.tx, self.policy.notices, locks, now=act.now)
        return {key for key, each in taken.items() if each.granted}

    async def _tell(self, act: Act, notice: LockNotice, *, of_lock: bool) -> None:
        view = await account_store.view(act.tx, notice.account_id or NOBODY)
        if view is None or view.account.state is AccountState.MERGED:
            return  # a merged account's password opens nothing that its survivor had to hear of
        origin = self.acts.of_the_service(act.now).origin  # a story of its own
        no_password = view.account.reset_by_practice
        if notice.locked_until is not None and of_lock:
            tell(
                act,
                view,
                ACCOUNT_LOCKED,
                origin=origin,
                locked_until=notice.locked_until,
                no_password=no_password,
            )
            act.record(Action.NOTIFY_OF_LOCK, account=view.account.id, origin=origin)
        if notice.disabled:
            tell(act, view, PASSWORD_DISABLED, origin=origin, no_password=no_password)
            act.record(Action.DISABLE_PASSWORD, account=view.account.id, origin=origin)


@dataclass(frozen=True, slots=True, kw_only=True)
class LockRecords:
    """The loop that has the audit know when a lock of an account began, and when it was over.

    Not the log-on that brings it about: its statements are the same for every name (LG-2).
    """

    acts: Acts
    clock: Clock

    async def once(self) -> int:
        """Write what is due of up to BATCH locks; one of nobody's leaves no row."""
        async with self.acts.open(self.acts.of_the_service(self.clock.now())) as act:
            records = await store.take_records(act.tx, now=act.now, limit=BATCH)
            for record in records:
                if record.account_id is not None:
                    self._write(act, record.account_id, record.actions)
        return len(records) // BATCH

    def _write(self, act: Act, account_id: AccountId, actions: tuple[Action, ...]) -> None:
        for action in actions:
            origin = self.acts.of_the_service(act.now).origin
            act.record(action, account=account_id, origin=origin)
