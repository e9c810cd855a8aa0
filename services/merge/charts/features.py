"""What can be done with duplicate charts."""

from dataclasses import dataclass

from services.merge.charts.person_conflicts import PersonConflicts
from services.merge.settings import MergeSettings
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    person_conflicts: PersonConflicts


def compose(plumbing: Plumbing[MergeSettings]) -> Features:
    """Build the group."""
    return Features(person_conflicts=PersonConflicts(acts=plumbing.acts, clock=plumbing.clock))
