"""Log-on by username or verified account e-mail and password (LG-1, LG-2)."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from services.identity.errors import InvalidCredentials
from services.identity.lockouts import NOBODY, Lockouts
from services.identity.model import Credentials
from services.identity.sessions import Opened, Sessions, SessionTokens
from services.identity.store import accounts
from services.identity.transactions import Transactions
from shared.audit import Origin
from shared.contracts.log_on_names import name_key
from shared.db import Connection
from shared.errors import HashingBusy, Violation
from shared.hashing import PasswordHasher

ACTION = "log-on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What was typed, after the slow comparison and before anything is decided."""

    name_key: str
    credentials: Credentials | None
    right: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOn:
    transactions: Transactions
    hasher: PasswordHasher
    lockouts: Lockouts
    sessions: Sessions

    async def log_on(
        self, name: str, password: str, *, origin: Origin, now: datetime
    ) -> SessionTokens:
        """Open a session. Raises InvalidCredentials, alike for every cause.

        The hash is always computed first: unknown, frozen, merged and locked names cost the same.
        """
        attempt = await self._compare(name, password)
        async with self.transactions.database.transaction() as tx:
            opened = await self._decide(tx, attempt, origin, now)
        if opened is None:
            raise InvalidCredentials(self._rule())
        await self._renew_hash(attempt, password)
        return await self.sessions.sign(opened, now=now)

    async def _compare(self, name: str, password: str) -> Attempt:
        key = name_key(name)
        async with self.transactions.database.connection() as connection:
            credentials = await accounts.credentials_by_name(connection, key)
        right = await self.hasher.verify(
            password, credentials.password_hash if credentials else None
        )
        return Attempt(name_key=key, credentials=credentials, right=right)

    async def _decide(
        self, tx: Connection, attempt: Attempt, origin: Origin, now: datetime
    ) -> Opened | None:
        """Count the outcome, and let the count decide whether a right password is told.

        The account is held first: a password that a reset replaced meanwhile counts as wrong, and
        a reset that comes later finds this session and ends it. Account before lock, here and in
        a reset, so that the two never deadlock.
        """
        known = attempt.credentials
        account_id = known.account_id if known else None
        holder = await accounts.hold_if_unchanged(
            tx,
            account_id or NOBODY,
            security_version=known.security_version if known else 0,
            proven=attempt.right,
        )
        counted = await self.lockouts.count(
            tx, account_id, attempt.name_key, right=holder is not None, now=now
        )
        opened = None
        if holder is not None and counted.told:
            await accounts.note_log_on(tx, holder.account_id, now=now)
            opened = await self.sessions.open(tx, holder, now=now)
        await self.transactions.audit.record(
            tx,
            origin,
            action=ACTION,
            outcome="done" if opened else "refused",
            subject=f"account:{account_id}" if account_id else None,
            detail=None if opened else ("wrong" if counted.told else "locked"),
        )
        return opened

    async def _renew_hash(self, attempt: Attempt, password: str) -> None:
        """ID-5. Only after a success: its extra time would tell a right password under a lock."""
        known = attempt.credentials
        if known is None or not self.hasher.outdated(known.password_hash):
            return
        with suppress(HashingBusy):  # then at the next good log-on
            renewed = await self.hasher.hash(password)
            async with self.transactions.database.connection() as connection:
                await accounts.renew_hash(
                    connection, known.account_id, old=known.password_hash, new=renewed
                )

    def _rule(self) -> Violation:
        """LG-2: the reply always states the rule, so that it tells nothing."""
        policy = self.lockouts.policy
        minutes = int(policy.lasts.total_seconds() // 60)
        return Violation(
            field="password",
            code="lock_rule",
            detail=(
                f"{policy.failures} wrong passwords in a row lock a name for {minutes} minutes; "
                "until then every password gets this same reply"
            ),
        )
