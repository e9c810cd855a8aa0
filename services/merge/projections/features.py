"""What merge knows of others' facts."""

from dataclasses import dataclass

from services.merge.projections.projections import PROJECTIONS, Projections

__all__ = ["PROJECTIONS"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    projections: Projections


def compose() -> Features:
    """Build the group."""
    return Features(projections=Projections())
