"""What can be done with addresses."""

from dataclasses import dataclass
from datetime import timedelta

from services.identity.emails.model import verification_mail_limit
from services.identity.emails.stored_names import StoredNames
from services.identity.emails.verifications import Verifications
from services.identity.settings import Settings
from shared.limits import Limit
from shared.one_time import Mint
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    verifications: Verifications
    limit: Limit


def compose(plumbing: Plumbing[Settings], *, mint: Mint) -> Features:
    """Build the group."""
    settings = plumbing.settings
    return Features(
        verifications=Verifications(mint=mint, life=timedelta(minutes=settings.verify_minutes)),
        limit=verification_mail_limit(
            an_hour=settings.verify_mails_an_hour, a_day=settings.verify_mails_a_day
        ),
    )


def stored_names(plumbing: Plumbing[Settings]) -> StoredNames:
    """What `names re-key` changes and `check` counts."""
    return StoredNames(acts=plumbing.acts)
