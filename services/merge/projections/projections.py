"""What merge keeps of identity's snapshots: the newest of each, whatever order they come in."""

from dataclasses import dataclass

from services.merge.projections.store import accounts, persons, practices
from shared.contracts.envelope import Received
from shared.contracts.identity import AccountChanged, PersonChanged, PracticeChanged
from shared.db import Connection

PROJECTIONS = (practices.PROJECTION, accounts.PROJECTION, persons.PROJECTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Projections:
    async def keep_account(self, tx: Connection, *events: Received[AccountChanged]) -> None:
        """Keep accounts."""
        await accounts.keep(tx, events)

    async def keep_person(self, tx: Connection, *events: Received[PersonChanged]) -> None:
        """Keep practices' records of persons: what candidates are matched by (MG-8)."""
        await persons.keep(tx, events)

    async def keep_practice(self, tx: Connection, *events: Received[PracticeChanged]) -> None:
        """Keep practices."""
        await practices.keep(tx, events)
