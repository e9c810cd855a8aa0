"""What can be done with practice communications."""

from dataclasses import dataclass

from services.notify.communications.intake import Intake
from services.notify.settings import NotifySettings
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    intake: Intake


def compose(plumbing: Plumbing[NotifySettings]) -> Features:
    """Build the group."""
    return Features(intake=Intake(acts=plumbing.acts))
