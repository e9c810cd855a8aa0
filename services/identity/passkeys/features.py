"""What passkeys are taken by."""

from dataclasses import dataclass

from services.identity.passkeys.answers import Answers
from services.identity.passkeys.authenticators import Authenticators
from services.identity.passkeys.ceremonies import Ceremonies
from services.identity.passkeys.model import RelyingParty
from services.identity.passkeys.removals import Removals
from services.identity.sessions.sessions import Sessions
from services.identity.settings import Settings
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    ceremonies: Ceremonies
    answers: Answers
    removals: Removals


def compose(plumbing: Plumbing[Settings], *, sessions: Sessions) -> Features:
    """Build the group."""
    ceremonies = Ceremonies(
        randomness=plumbing.randomness,
        cipher=plumbing.cipher("passkey ceremonies"),
        door=_door(plumbing.settings),
    )
    return Features(
        ceremonies=ceremonies,
        answers=Answers(database=plumbing.database, ceremonies=ceremonies),
        removals=Removals(sessions=sessions),
    )


def _door(settings: Settings) -> Authenticators | None:
    if settings.passkey_rp_id is None:
        return None
    return Authenticators(
        rp=RelyingParty(
            id=settings.passkey_rp_id,
            name=settings.passkey_rp_name or settings.portal_name,
            origins=settings.passkey_origins,
        )
    )
