"""A practice finds its own patients, by what somebody at the desk says of herself (ST-1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.identity.actions import Action
from services.identity.patients.model import FoundPatient
from services.identity.patients.store import names
from services.identity.patients.store import searches as store
from shared.acts import Acts, By
from shared.contracts.ids import PatientId, PracticeId
from shared.contracts.matching import name_forms
from shared.db import Connection, Database

PAGE = 50
FIRST = PatientId(UUID(int=0))  # before every id
NAMED_EVERY = 10.0  # seconds
BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What is known of a patient: the practice's number, or last name, date of birth or both."""

    last_name: str | None
    birth_date: date | None
    number: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Searches:
    acts: Acts

    async def find(
        self, practice_id: PracticeId, sought: Sought, *, after: PatientId | None, by: By
    ) -> Sequence[FoundPatient]:
        """A page of them; `after` is the last one of the page before. Names as EN-1 compares them.

        It is on record, without what was sought: who has stolen a client begins by looking who is
        here.
        """
        async with self.acts.begin(by, Action.FIND_PATIENTS, practice=practice_id) as act:
            return await self._find(act.tx, practice_id, sought, after or FIRST)

    async def _find(
        self, tx: Connection, practice_id: PracticeId, sought: Sought, after: PatientId
    ) -> Sequence[FoundPatient]:
        match sought:
            case Sought(number=str(number)):
                return await store.by_number(tx, practice_id, number)
            case Sought(last_name=str(last_name), birth_date=birth_date):
                forms = name_forms(last_name)
                return await store.by_name(
                    tx, practice_id, forms, birth_date, after=after, limit=PAGE
                )
            case Sought(birth_date=date() as birth_date):
                return await store.by_birth_date(
                    tx, practice_id, birth_date, after=after, limit=PAGE
                )
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """The loop that makes records findable which a release wrote that knew nothing of it."""

    database: Database

    async def once(self) -> int:
        """Keep the forms of up to BATCH records' names; a full batch says so."""
        async with self.database.transaction() as tx:
            found = await names.hold_unnamed(tx, limit=BATCH)
            if found:
                await names.keep(tx, found)
        return len(found) // BATCH
