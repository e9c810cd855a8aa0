"""What can be done with reset tokens."""

from dataclasses import dataclass

from services.recovery.grants.grants import PasswordGrants
from services.recovery.practice_tokens.given import Given
from services.recovery.practice_tokens.issuing import Issuing
from services.recovery.practice_tokens.model import guess_limit, token_limit
from services.recovery.practice_tokens.redeeming import Redeeming
from services.recovery.settings import RecoverySettings
from shared.one_time import Mint
from shared.program.program import Plumbing
from shared.trust.hashing import PasswordHasher


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    issuing: Issuing
    given: Given
    redeeming: Redeeming


def compose(
    plumbing: Plumbing[RecoverySettings],
    *,
    mint: Mint,
    hasher: PasswordHasher,
    grants: PasswordGrants,
) -> Features:
    """Build the group."""
    settings = plumbing.settings
    return Features(
        issuing=Issuing(
            acts=plumbing.acts,
            mint=mint,
            hasher=hasher,
            limit=token_limit(a_day=settings.reset_tokens_a_day),
        ),
        given=Given(acts=plumbing.acts),
        redeeming=Redeeming(
            acts=plumbing.acts,
            digests=plumbing.digests,
            hasher=hasher,
            budget=plumbing.budget,
            grants=grants,
            guesses=guess_limit(an_hour=settings.reset_token_alarm),
            metrics=plumbing.metrics,
        ),
    )
