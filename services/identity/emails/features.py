"""What can be done with addresses."""

from dataclasses import dataclass
from datetime import timedelta

from services.identity.emails.model import SendLimits
from services.identity.emails.stored_names import StoredNames
from services.identity.emails.verifications import Verifications
from services.identity.settings import Settings
from shared.program import Plumbing
from shared.sealing import Sealer


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    verifications: Verifications
    limits: SendLimits


def compose(plumbing: Plumbing[Settings]) -> Features:
    """Build the group."""
    settings = plumbing.settings
    return Features(
        verifications=Verifications(
            randomness=plumbing.randomness,
            digests=plumbing.digests,
            sealer=Sealer(
                public_keys=plumbing.public_keys,
                clock=plumbing.clock,
                issuer=f"{settings.issuer}/notify",
            ),
            life=timedelta(minutes=settings.verify_minutes),
        ),
        limits=SendLimits(an_hour=settings.verify_mails_an_hour, a_day=settings.verify_mails_a_day),
    )


def stored_names(plumbing: Plumbing[Settings]) -> StoredNames:
    """What `names re-key` changes and `check` counts."""
    return StoredNames(acts=plumbing.acts)
