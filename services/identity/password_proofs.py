"""Proving who somebody is by a password: compared first, then counted, then perhaps told (LG-2).

Log-on, re-authentication and whatever else takes a password of an account go through here, so that
all guesses at one account are counted together and cost the same.
"""

from dataclasses import dataclass
from datetime import datetime

from services.identity.lockouts import NOBODY, Lockouts
from services.identity.model import Credentials
from services.identity.session_model import Holder
from services.identity.store import accounts
from shared.contracts.ids import AccountId
from shared.contracts.log_on_names import name_key
from shared.db import Connection, Database
from shared.errors import Violation
from shared.hashing import PasswordHasher


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What was typed, after the slow comparison and before anything is decided."""

    name_key: str  # "" where an account was meant, not a name
    credentials: Credentials | None
    right: bool

    @property
    def account_id(self) -> AccountId | None:
        """Whose password was tried; None for a name that nobody has."""
        return self.credentials.account_id if self.credentials else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the count made of an attempt."""

    holder: Holder | None  # proven, and it may be told; the account is held until commit
    told: bool  # whether the outcome may be told: not while locked

    @property
    def refusal(self) -> str | None:
        """Why it was refused, for the audit alone."""
        if self.holder is not None:
            return None
        return "wrong" if self.told else "locked"


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordProofs:
    database: Database
    hasher: PasswordHasher
    lockouts: Lockouts

    async def by_name(self, name: str, password: str) -> Attempt:
        """Compare, always: unknown, frozen, merged and locked names cost the same hash."""
        key = name_key(name)
        async with self.database.connection() as connection:
            found = await accounts.credentials_by_name(connection, key)
        return await self._compare(key, found, password)

    async def by_account(self, account_id: AccountId, password: str) -> Attempt:
        """Compare with the password of an account that is known by a session (SE-3)."""
        async with self.database.connection() as connection:
            found = await accounts.credentials(connection, account_id)
        return await self._compare("", found, password)

    async def decide(self, tx: Connection, attempt: Attempt, *, now: datetime) -> Decision:
        """Count the outcome, and let the count decide whether a right password is told.

        The account is held first: a password that a reset replaced meanwhile counts as wrong, and
        a reset that comes later finds what this transaction did. Account before lock, here and in
        a reset, so that the two never deadlock.
        """
        known = attempt.credentials
        holder = await accounts.hold_if_unchanged(
            tx,
            attempt.account_id or NOBODY,
            security_version=known.security_version if known else 0,
            proven=attempt.right,
        )
        counted = await self.lockouts.count(
            tx, attempt.account_id, attempt.name_key, right=holder is not None, now=now
        )
        return Decision(holder=holder if counted.told else None, told=counted.told)

    def rule(self) -> Violation:
        """LG-2: every refusal states the rule, so that it tells nothing."""
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

    async def _compare(self, key: str, found: Credentials | None, password: str) -> Attempt:
        right = await self.hasher.verify(password, found.password_hash if found else None)
        return Attempt(name_key=key, credentials=found, right=right)
