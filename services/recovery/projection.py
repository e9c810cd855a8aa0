"""What recovery keeps of identity's snapshots: the newest of each, whatever order they come in."""

from dataclasses import dataclass

from services.recovery.names import name_digest
from services.recovery.store import accounts, persons, practices
from shared.contracts.envelope import Received
from shared.contracts.identity import AccountChanged, PersonChanged, PracticeChanged
from shared.db import Connection
from shared.tokens import Digests


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    digests: Digests

    async def keep_account(self, tx: Connection, event: Received[AccountChanged]) -> None:
        """Keep an account with the digests of both names it is found by."""
        account = event.data
        await accounts.keep(
            tx,
            account,
            version=event.version,
            username_digest=name_digest(self.digests, account.username),
            email_digest=name_digest(self.digests, account.email) if account.email else None,
        )

    async def keep_person(self, tx: Connection, event: Received[PersonChanged]) -> None:
        """Keep a practice's record of a person."""
        await persons.keep(tx, event.data, version=event.version)

    async def keep_practice(self, tx: Connection, event: Received[PracticeChanged]) -> None:
        """Keep a practice and its settings; a new life counts for links made from now on (ST-2)."""
        await practices.keep(tx, event.data, version=event.version)
