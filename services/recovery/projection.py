"""What recovery keeps of identity's snapshots: the newest of each, whatever order they come in."""

from dataclasses import dataclass
from functools import partial

from services.recovery.names import name_digest
from services.recovery.questions.store import questions
from services.recovery.store import accounts, persons, practices
from shared.contracts.envelope import Received
from shared.contracts.identity import AccountChanged, PersonChanged, PracticeChanged
from shared.db import Connection
from shared.trust.tokens import Digests

PROJECTIONS = (practices.PROJECTION, accounts.PROJECTION, persons.PROJECTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    digests: Digests

    async def keep_account(self, tx: Connection, *events: Received[AccountChanged]) -> None:
        """Keep accounts with the digests of both names each is found by, and forget the questions
        of who was frozen since they were set (RC-9).
        """
        await accounts.keep(tx, events, digest=partial(name_digest, self.digests))
        await questions.drop_void(tx, [event.data.account_id for event in events])

    async def keep_person(self, tx: Connection, *events: Received[PersonChanged]) -> None:
        """Keep practices' records of persons."""
        await persons.keep(tx, events)

    async def keep_practice(self, tx: Connection, *events: Received[PracticeChanged]) -> None:
        """Keep practices and their settings; a new life counts for links made later (ST-2)."""
        await practices.keep(tx, events)
