"""What the second step is taken by."""

from dataclasses import dataclass

from services.identity.passkeys.answers import Answers
from services.identity.sessions.sessions import Sessions
from services.identity.settings import Settings
from services.identity.two_step.authenticator import Authenticator
from services.identity.two_step.recovery_codes import RecoveryCodes
from services.identity.two_step.second_steps import SecondSteps
from shared.program.program import Plumbing
from shared.trust.hashing import PasswordHasher


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    authenticator: Authenticator
    recovery_codes: RecoveryCodes
    second_steps: SecondSteps


def compose(
    plumbing: Plumbing[Settings],
    *,
    hasher: PasswordHasher,
    answers: Answers,
    sessions: Sessions,
) -> Features:
    """Build the group."""
    app = authenticator(plumbing)
    recovery_codes = RecoveryCodes(randomness=plumbing.randomness, hasher=hasher)
    return Features(
        authenticator=app,
        recovery_codes=recovery_codes,
        second_steps=SecondSteps(
            database=plumbing.database,
            authenticator=app,
            recovery_codes=recovery_codes,
            answers=answers,
            sessions=sessions,
            budget=plumbing.budget,
        ),
    )


def authenticator(plumbing: Plumbing[Settings]) -> Authenticator:
    """What reads apps' codes; `keys re-encrypt` brings their secrets under another key with it."""
    return Authenticator(
        randomness=plumbing.randomness,
        cipher=plumbing.cipher("authenticator apps"),
        portal_name=plumbing.settings.portal_name,
    )
