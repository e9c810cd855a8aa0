"""MG-5: the duplicate charts that a practice has to look at."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.merge.model import PersonConflict
from services.merge.store import person_conflicts as store
from shared.contracts.ids import PracticeId
from shared.db import Database

LISTED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonConflicts:
    database: Database

    async def of_practice(self, practice_id: PracticeId) -> Sequence[PersonConflict]:
        """List the newest hundred of one practice."""
        async with self.database.connection() as connection:
            return await store.of_practice(connection, practice_id, limit=LISTED)
