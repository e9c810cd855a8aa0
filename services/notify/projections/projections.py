"""What notify knows of accounts and practices: snapshots, newer wins."""

from dataclasses import dataclass

from services.notify.projections.store import accounts, practices
from shared.catching_up import caught_up
from shared.contracts.ids import AccountId
from shared.db import Database

PROJECTIONS = (practices.PROJECTION, accounts.PROJECTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Projections:
    """Waits for a snapshot that is on its way."""

    database: Database

    async def arrived(self, account_id: AccountId, version: int) -> None:
        """Wait up to 1 s until this account is known as who signed a token for it knew it.

        What an un-enrolment took away is not shown to a session that was renewed after it (UN-1).
        Raises CatchingUp; never ask inside a transaction.
        """

        async def is_known() -> bool:
            async with self.database.connection() as connection:
                return await accounts.version_of(connection, account_id) >= version

        await caught_up(is_known, "a snapshot of an account")
