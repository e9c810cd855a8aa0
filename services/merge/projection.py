"""What merge keeps of identity's snapshots: the newest of each, whatever order they come in."""

from dataclasses import dataclass

from services.merge.store import accounts, persons, practices
from shared.contracts.envelope import Received
from shared.contracts.identity import AccountChanged, PersonChanged, PracticeChanged
from shared.db import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    async def keep_account(self, tx: Connection, event: Received[AccountChanged]) -> None:
        """Keep an account."""
        await accounts.keep(tx, event.data, version=event.version)

    async def keep_person(self, tx: Connection, event: Received[PersonChanged]) -> None:
        """Keep a practice's record of a person: what candidates are matched by (MG-8)."""
        await persons.keep(tx, event.data, version=event.version)

    async def keep_practice(self, tx: Connection, event: Received[PracticeChanged]) -> None:
        """Keep a practice."""
        await practices.keep(tx, event.data, version=event.version)
