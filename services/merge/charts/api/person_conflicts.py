"""MG-5 over HTTP: a practice reads its duplicate charts."""

from typing import ClassVar

from services.merge.charts.features import Features
from services.merge.charts.model import MergeConflict
from services.merge.charts.person_conflicts import LISTED
from shared.http.routes import Call, NoBody, Reply
from shared.trust.access import PracticeCaller


class MergeConflicts(Reply, frozen=True, kw_only=True):
    """The newest hundred that are not settled, newest first. No names: the practice has its own."""

    conflicts: tuple[MergeConflict, ...]

    shows_most: ClassVar[int] = LISTED

    @property
    def shows(self) -> int:
        return len(self.conflicts)


async def list_merge_conflicts(
    features: Features, call: Call[NoBody, PracticeCaller]
) -> MergeConflicts:
    """Show a practice its own."""
    found = await features.person_conflicts.of_practice(call.caller.practice_id, by=call.by)
    return MergeConflicts(conflicts=tuple(found))
