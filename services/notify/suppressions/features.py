"""What can be done with suppressed addresses."""

from dataclasses import dataclass

from services.notify.projections.projections import Projections
from services.notify.settings import NotifySettings
from services.notify.suppressions.lifting import Lifting
from services.notify.suppressions.stops import Stops
from services.notify.suppressions.suppressions import Suppressions
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    suppressions: Suppressions
    lifting: Lifting
    stops: Stops
    projections: Projections  # whose snapshot a reader waits for


def compose(plumbing: Plumbing[NotifySettings], *, projections: Projections) -> Features:
    """Build the group."""
    return Features(
        suppressions=Suppressions(randomness=plumbing.randomness, digests=plumbing.digests),
        lifting=Lifting(acts=plumbing.acts),
        stops=Stops(acts=plumbing.acts),
        projections=projections,
    )
