"""What notify knows of others' facts."""

from dataclasses import dataclass

from services.notify.projections.projections import PROJECTIONS, Projections
from services.notify.settings import NotifySettings
from shared.program.program import Plumbing

__all__ = ["PROJECTIONS"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    projections: Projections


def compose(plumbing: Plumbing[NotifySettings]) -> Features:
    """Build the group."""
    return Features(projections=Projections(database=plumbing.database))
