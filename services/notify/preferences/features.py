"""What can be done with preferences."""

from dataclasses import dataclass

from services.notify.preferences.preferences import Preferences
from services.notify.projections.projections import Projections
from services.notify.settings import NotifySettings
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    preferences: Preferences
    projections: Projections  # whose snapshot a reader waits for


def compose(plumbing: Plumbing[NotifySettings], *, projections: Projections) -> Features:
    """Build the group."""
    return Features(
        preferences=Preferences(acts=plumbing.acts, texts=plumbing.settings.offers_texts),
        projections=projections,
    )
