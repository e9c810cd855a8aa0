"""What notify knows of accounts and practices: snapshots, newer wins."""

from dataclasses import dataclass

from services.notify.store import accounts, practices
from shared.contracts.envelope import Received
from shared.contracts.identity import AccountChanged, PracticeChanged
from shared.db import Connection


@dataclass(frozen=True, slots=True)
class Projections:
    """Each snapshot is one guarded upsert: order and repetition do not matter."""

    async def apply_account(self, tx: Connection, event: Received[AccountChanged]) -> None:
        """Know an account's verified e-mail, locale, state and enrolments."""
        await accounts.keep(tx, event.data, version=event.version)

    async def apply_practice(self, tx: Connection, event: Received[PracticeChanged]) -> None:
        """Know a practice's name, locale and contact."""
        await practices.keep(tx, event.data, version=event.version)
