"""MG-5: the duplicate charts that a practice has to look at."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.merge.actions import Action
from services.merge.charts.model import MergeConflict
from services.merge.charts.store import person_conflicts as store
from shared.acts import Acts, By
from shared.clock import Clock
from shared.contracts.envelope import Received
from shared.contracts.identity import ChartsSettled
from shared.contracts.ids import PracticeId
from shared.db import Connection

LISTED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonConflicts:
    """What merges brought to light, and what the practice has said of it since (ST-1).

    A conflict is open until its practice has settled all of its records together. That one of them
    was un-enrolled says nothing of charts: the practice has both still.
    """

    acts: Acts
    clock: Clock

    async def settle(self, tx: Connection, event: Received[ChartsSettled]) -> None:
        """Keep what a practice has settled at identity."""
        await store.settle(tx, event.data, at=self.clock.now())

    async def of_practice(self, practice_id: PracticeId, *, by: By) -> Sequence[MergeConflict]:
        """List the newest hundred of one practice that are open. It is on record."""
        async with self.acts.begin(by, Action.LIST_CONFLICTS, practice=practice_id) as act:
            return await store.of_practice(act.tx, practice_id, limit=LISTED)
