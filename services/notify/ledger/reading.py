"""What people read of the ledger: what was sent to them, or for them (NT-5)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.notify.ledger.model import LedgerEntry, State
from services.notify.ledger.store import deliveries
from services.notify.tellings.contents import TOLD_AS
from shared.contracts.ids import AccountId, PracticeId
from shared.db import Database

PAGE = 100  # of each class


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Only one's own; a practice's are its communications."""

    database: Database

    async def of_account(self, account_id: AccountId) -> Sequence[LedgerEntry]:
        """What was sent to a person, newest first (NT-5)."""
        async with self.database.connection() as connection:
            found = await deliveries.of_account(connection, account_id, limit=PAGE)
        return [hushed(entry) for entry in found]

    async def of_practice(self, practice_id: PracticeId) -> Sequence[LedgerEntry]:
        """What a practice had sent, newest first (NT-5)."""
        async with self.database.connection() as connection:
            return await deliveries.of_practice(connection, practice_id, limit=PAGE)


def hushed(entry: LedgerEntry) -> LedgerEntry:
    """Tell of a mail to a claimed address only that it was filed (EN-1, ID-6).

    A link can expire or be superseded, and a mail server knows addresses that it had mail for: how
    and when such a mail ended would tell whether another account has the address. Once the address
    is the account's own, nothing is left to hide.
    """
    told_as = TOLD_AS.get(entry.template)
    if told_as is None or entry.address is None:
        return entry
    if entry.own:
        return replace(entry, template=told_as)
    return replace(entry, template=told_as, state=State.QUEUED, reason=None, finished_at=None)
