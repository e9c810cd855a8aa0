"""What can be done with notices."""

from dataclasses import dataclass

from services.notify.notices.notices import Notices
from services.notify.projections.projections import Projections
from services.notify.sending.render import Renderer
from services.notify.settings import NotifySettings
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    notices: Notices
    projections: Projections  # whose snapshot a reader waits for


def compose(
    plumbing: Plumbing[NotifySettings], *, projections: Projections, renderer: Renderer
) -> Features:
    """Build the group."""
    return Features(
        notices=Notices(database=plumbing.database, renderer=renderer), projections=projections
    )
