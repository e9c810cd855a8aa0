"""What can be done with passwords, and the lock that bounds guessing at them."""

from dataclasses import dataclass
from datetime import timedelta

from services.identity.passwords.common_list import common_passwords
from services.identity.passwords.lockouts import (
    RECORDS_EVERY,
    TICK,
    LockNotices,
    Lockouts,
    LockRecords,
)
from services.identity.passwords.model import LockPolicy
from services.identity.passwords.passwords import Passwords
from services.identity.passwords.policy import password_policy
from services.identity.passwords.proofs import PasswordProofs
from services.identity.settings import Settings
from shared.loops import Loop
from shared.program.program import Plumbing
from shared.trust.hashing import PasswordHasher


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    hasher: PasswordHasher
    passwords: Passwords
    lockouts: Lockouts
    proofs: PasswordProofs
    notices: LockNotices
    records: LockRecords

    @property
    def loops(self) -> tuple[Loop, ...]:
        """What runs by itself."""
        return (
            Loop(name="lock-notices", once=self.notices.once, every=TICK),
            Loop(name="lock-records", once=self.records.once, every=RECORDS_EVERY),
        )


def compose(plumbing: Plumbing[Settings], *, hasher: PasswordHasher) -> Features:
    """Build the group."""
    settings = plumbing.settings
    policy = lock_policy(settings)
    lockouts = Lockouts(digests=plumbing.digests, policy=policy)
    return Features(
        hasher=hasher,
        passwords=Passwords(
            hasher=hasher,
            policy=password_policy(
                settings.password_policy,
                common=common_passwords(),
                portal_name=settings.portal_name,
            ),
        ),
        lockouts=lockouts,
        proofs=PasswordProofs(
            database=plumbing.database, hasher=hasher, lockouts=lockouts, budget=plumbing.budget
        ),
        notices=LockNotices(
            acts=plumbing.acts,
            clock=plumbing.clock,
            policy=policy,
        ),
        records=LockRecords(acts=plumbing.acts, clock=plumbing.clock),
    )


def lock_policy(settings: Settings) -> LockPolicy:
    """LG-2 in this deployment's numbers."""
    return LockPolicy(
        failures=settings.lock_failures,
        lasts=timedelta(minutes=settings.lock_minutes),
        notices_a_day=settings.lock_notices_a_day,
        disabled_after=settings.lock_disabled_after,
        unlocks_a_day=settings.unlocks_a_day,
    )
