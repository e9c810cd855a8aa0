"""What notify knows of accounts and practices: snapshots, newer wins."""

from dataclasses import dataclass

from services.notify.store import accounts, practices
from shared.contracts.envelope import Received
from shared.contracts.identity import AccountChanged, PracticeChanged
from shared.db import Connection


@dataclass(frozen=True, slots=True)
class Projections:
    """Each snapshot is one guarded upsert: order and repetition do not matter."""

    async def apply_account(self, tx: Connection, *events: Received[AccountChanged]) -> None:
        """Know accounts' verified e-mails, locales, states and enrolments."""
        await accounts.keep(tx, events)

    async def apply_practice(self, tx: Connection, *events: Received[PracticeChanged]) -> None:
        """Know practices' names, locales and contacts."""
        await practices.keep(tx, events)
