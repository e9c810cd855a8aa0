"""What can be done for who has proven to be whom."""

from dataclasses import dataclass

from services.recovery.grants.grants import PasswordGrants
from services.recovery.grants.proofs import Proofs
from services.recovery.settings import RecoverySettings
from shared.program.program import Plumbing
from shared.trust.grants import GrantIssuer


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    grants: PasswordGrants
    proofs: Proofs


def compose(plumbing: Plumbing[RecoverySettings], *, issuer: GrantIssuer) -> Features:
    """Build the group."""
    return Features(
        grants=PasswordGrants(issuer=issuer, redeemer=f"{plumbing.settings.issuer}/identity"),
        proofs=Proofs(),
    )
