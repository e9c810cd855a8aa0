"""What can be done with practice communications."""

from dataclasses import dataclass

from services.notify.communications.submissions import Submissions
from services.notify.settings import NotifySettings
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    submissions: Submissions


def compose(plumbing: Plumbing[NotifySettings]) -> Features:
    """Build the group."""
    return Features(submissions=Submissions(acts=plumbing.acts))
