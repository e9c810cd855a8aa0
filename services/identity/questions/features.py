"""What identity does about security questions."""

from dataclasses import dataclass

from services.identity.accounts.tellings import CredentialTellings
from services.identity.questions.hearing import QuestionHearing
from services.identity.sessions.sessions import Sessions
from services.identity.settings import Settings
from shared.program.program import Plumbing
from shared.trust.grants import GrantChecker


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    hearing: QuestionHearing


def compose(
    plumbing: Plumbing[Settings],
    *,
    grants: GrantChecker,
    tellings: CredentialTellings,
    sessions: Sessions,
) -> Features:
    """Build the group."""
    return Features(
        hearing=QuestionHearing(
            acts=plumbing.acts,
            clock=plumbing.clock,
            grants=grants,
            tellings=tellings,
            sessions=sessions,
        )
    )
