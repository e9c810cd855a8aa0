"""Passwords: checked by the policy, hashed before any transaction, remembered for reuse (ID-3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest

from services.identity.passwords.errors import PasswordUnacceptable
from services.identity.passwords.model import Context
from services.identity.passwords.policy import (
    NOT_RECENT,
    ON_SAVING,
    PasswordPolicy,
    RuleResult,
    RuleState,
)
from services.identity.passwords.store import history as store
from shared.contracts.ids import AccountId
from shared.db import Connection
from shared.errors import Violation
from shared.trust.hashing import PasswordHasher


@dataclass(frozen=True, slots=True, kw_only=True)
class HashedPassword:
    """A password ready to be saved: for log-on under a salt of its own, for history under the
    account's, so that one hash compares with all of the last."""

    hash: str
    history_hash: str
    history_salt: bytes
    older_forms: tuple[str, ...] = ()  # of history_hash, under peppers that are retired


@dataclass(frozen=True, slots=True, kw_only=True)
class Passwords:
    policy: PasswordPolicy
    hasher: PasswordHasher

    def check(self, candidate: str, context: Context) -> tuple[RuleResult, ...]:
        """Every rule with met, not met or on saving."""
        return self.policy.check(candidate, context)

    def require(self, candidate: str, context: Context, *, field: str) -> None:
        """Raise PasswordUnacceptable naming each rule that is not met."""
        require(self.check(candidate, context), field=field)

    def require_alone(self, password: str, *, field: str) -> None:
        """Raise PasswordUnacceptable where it is good beside two-step alone."""
        require(self.policy.check_alone(password), field=field)

    async def hash(self, password: str, *, history_salt: bytes | None = None) -> HashedPassword:
        """Hash for saving; without a history salt it is a new account's first password."""
        salt = history_salt or self.hasher.new_salt()
        return HashedPassword(
            hash=await self.hasher.hash(password),
            history_hash=await self.hasher.hash(password, salt=salt),
            history_salt=salt,
            older_forms=await self._older_forms(password, salt) if history_salt else (),
        )

    async def _older_forms(self, password: str, salt: bytes) -> tuple[str, ...]:
        """How the history would tell it from before the pepper was changed."""
        retired = self.hasher.peppers[1:]
        return tuple(
            [await self.hasher.hash(password, salt=salt, pepper_id=one) for one in retired]
        )

    async def take(
        self,
        tx: Connection,
        account_id: AccountId,
        typed: str,
        hashed: HashedPassword,
        *,
        security_version: int,
        field: str,
        now: datetime,
    ) -> None:
        """Judge an account's next password, which it was just given, and keep it among the last 5.

        Raises PasswordUnacceptable, which undoes that it was given.
        """
        self.require(typed, await store.context(tx, account_id), field=field)
        await self._require_new(tx, account_id, hashed, field=field)
        await self.remember(tx, account_id, hashed, security_version=security_version, now=now)

    async def _require_new(
        self, tx: Connection, account_id: AccountId, hashed: HashedPassword, *, field: str
    ) -> None:
        """Raise PasswordUnacceptable for one of the last 5, the current one included."""
        recent = await store.recent(tx, account_id)
        # Every one is compared, so that the time does not tell which it was.
        forms = (hashed.history_hash, *hashed.older_forms)
        if any([compare_digest(form.encode(), past.encode()) for past in recent for form in forms]):
            raise PasswordUnacceptable(
                Violation(
                    field=field, code=NOT_RECENT, detail=ON_SAVING.text, params=ON_SAVING.params
                )
            )

    async def remember(
        self,
        tx: Connection,
        account_id: AccountId,
        hashed: HashedPassword,
        *,
        security_version: int,
        now: datetime,
    ) -> None:
        """Keep the password that came with this security version among the last 5."""
        await store.add(tx, account_id, hashed.history_hash, place=security_version, now=now)


def require(rules: Iterable[RuleResult], *, field: str) -> None:
    """Raise PasswordUnacceptable naming each rule that is not met."""
    wrong = [
        Violation(field=field, code=rule.code, detail=rule.text, params=rule.params)
        for rule in rules
        if rule.state is RuleState.NOT_MET
    ]
    if wrong:
        raise PasswordUnacceptable(*wrong)
