"""Proving who somebody is by a password: compared first, then counted, then perhaps told (LG-2).

Log-on, re-authentication and whatever else takes a password of an account go through here, so that
all guesses at one account are counted together and cost the same.
"""

from dataclasses import dataclass

from services.identity.accounts.errors import AccountMerged
from services.identity.accounts.model import Absorbed, Credentials, HeldAccount
from services.identity.accounts.store import accounts as account_store
from services.identity.passwords.lockouts import NOBODY, Lockouts
from shared.acts import Act
from shared.contracts.ids import AccountId
from shared.contracts.log_on_names import masked, name_key
from shared.db import Database
from shared.errors import Refused, Violation
from shared.http.source_budget import SourceBudget
from shared.trust.hashing import PasswordHasher


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

    @property
    def security_version(self) -> int:
        """The one whose password was compared; 0 for a name that nobody has."""
        return self.credentials.security_version if self.credentials else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the count made of an attempt."""

    account: HeldAccount | None  # proven, and it may be told; the account is held until commit
    survivor: str | None  # the same of a merged account: the username it lives on by (MG-5)
    told: bool  # whether the outcome may be told: not while locked
    failures: int = 0  # wrong ones in a row before it (SE-2)
    voided: bool = False  # the device that it came from is known no more
    kept_back: bool = False  # its source was told as many refusals as it may be (LG-4)

    @property
    def refusal(self) -> str | None:
        """Why it was refused, for the audit alone."""
        if self.account is not None:
            return None
        if self.survivor is not None:
            return AccountMerged.cause
        if self.kept_back:
            return "source_exhausted"
        return "wrong" if self.told else "locked"


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordProofs:
    database: Database
    hasher: PasswordHasher
    lockouts: Lockouts
    budget: SourceBudget

    async def by_name(self, name: str, password: str) -> Attempt:
        """Compare, always: unknown, frozen, merged and locked names cost the same hash."""
        key = name_key(name)
        async with self.database.connection() as connection:
            found = await account_store.credentials_by_name(connection, key)
        return await self._compare(key, found, password)

    async def by_account(self, account_id: AccountId, password: str) -> Attempt:
        """Compare with the password of an account that is known by a session (SE-3)."""
        async with self.database.connection() as connection:
            found = await account_store.credentials(connection, account_id)
        return await self._compare("", found, password)

    async def decide(self, act: Act, attempt: Attempt, *, device: bytes | None = None) -> Decision:
        """Count the outcome, and let the count decide whether a right password is told.

        `device` is the digest of a device's secret: of a known one the device's own counter counts.
        Neither is it where its source has used up its budget: it is refused as a wrong one, which
        the edge tells as 429 (LG-4). Asked here, so that nothing was done yet that is not told.

        The account is held first: a password that a reset replaced meanwhile counts as wrong, and
        a reset that comes later finds what this transaction did. A right password of a merged
        account is right, and its own lock lets it be told. Account before lock, here and in a
        reset, so that the two never deadlock. Under a lock nothing is held: that takes time, which
        told right passwords from wrong ones.
        """
        turned_away = await self.lockouts.turns_away(
            act.tx, attempt.account_id, attempt.name_key, device, now=act.now
        )
        proven = await account_store.hold_if_unchanged(
            act.tx,
            attempt.account_id or NOBODY,
            security_version=attempt.security_version,
            proven=attempt.right and not turned_away,
        )
        counted = await self.lockouts.count(
            act.tx,
            attempt.account_id,
            attempt.name_key,
            device,
            right=proven is not None,
            now=act.now,
        )
        kept_back = await self.budget.used_up(act.tx, act.origin.source)
        match proven if counted.told and not kept_back else None:
            case HeldAccount() as account:
                return Decision(
                    account=account, survivor=None, told=True, failures=counted.failures
                )
            case Absorbed(account_id=absorbed_id):  # only now: one more step would tell it
                survivor = await account_store.survivor(act.tx, absorbed_id)
                return Decision(account=None, survivor=survivor.username, told=True)
            case None:
                return Decision(
                    account=None,
                    survivor=None,
                    told=counted.told,
                    voided=counted.voided,
                    kept_back=kept_back and proven is not None,
                )

    def refusal(self, decision: Decision, otherwise: type[Refused]) -> Refused:
        """Say alike for every cause that nobody was proven.

        MG-5: but who gave the right password of a merged account gets a hint of the one that goes
        on.
        """
        if decision.survivor is None:
            return otherwise(self.rule())
        goes_on = masked(decision.survivor)
        return AccountMerged.in_field(
            "name", f"now part of the account {goes_on}", username=goes_on
        )

    def rule(self) -> Violation:
        """LG-2: every refusal states the rule, so that it tells nothing."""
        policy = self.lockouts.policy
        minutes = int(policy.lasts.total_seconds() // 60)
        return Violation(
            field="password",
            code="lock_rule",
            detail=(
                f"{policy.failures} wrong passwords in a row lock a name for {minutes} minutes, "
                f"{policy.disabled_after} until a new one is set; "
                "until then every password gets this same reply"
            ),
            params={
                "failures": policy.failures,
                "minutes": minutes,
                "disabled_after": policy.disabled_after,
            },
        )

    async def _compare(self, key: str, found: Credentials | None, password: str) -> Attempt:
        right = await self.hasher.verify(password, found.password_hash if found else None)
        return Attempt(name_key=key, credentials=found, right=right and bool(found and found.opens))
