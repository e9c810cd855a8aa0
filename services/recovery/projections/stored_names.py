"""Digests of the names that are kept, brought under the key and the form that are compared today.

The names themselves are kept beside them, so a changed digest key or a finer form of a name voids
nothing for good: until then no account is found by a name, and nobody is told (RC-1, RC-2, RC-3).
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from services.recovery.actions import Action
from services.recovery.projections.model import AccountNames, NotificationAddresses
from services.recovery.projections.names import name_digest
from services.recovery.projections.store import accounts, notification_addresses
from shared.acts import Acts, By
from shared.contracts.ids import AccountId
from shared.db import Connection
from shared.progress import Progress
from shared.trust.tokens import Digests

BATCH = 500  # accounts of one transaction

K = TypeVar("K", AccountNames, NotificationAddresses)


@dataclass(frozen=True, slots=True)
class Table(Generic[K]):
    """Where names are kept, a row an account."""

    count: Callable[[Connection], Awaitable[int]]
    page: Callable[..., Awaitable[Sequence[K]]]
    re_key: Callable[[Connection, Sequence[K]], Awaitable[None]]


TABLES: tuple[Table[Any], ...] = (
    Table(accounts.count, accounts.names, accounts.re_key),
    Table(
        notification_addresses.count, notification_addresses.names, notification_addresses.re_key
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredNames:
    acts: Acts
    digests: Digests

    async def outdated(self) -> int:
        """How many rows have another digest; a look at every account, in batches."""
        return sum([await self._outdated(table) for table in TABLES])

    async def re_key(self, progress: Progress, *, by: By) -> int:
        """Make every digest anew that differs; return in how many rows.

        A batch is a transaction, so a run that was broken off is begun again. Its accounts are held
        in one order: a snapshot that arrives meanwhile waits, or was here before.
        """
        async with self.acts.database.connection() as connection:
            progress.begin(sum([await table.count(connection) for table in TABLES]))
        return sum([await self._re_key(table, progress, by) for table in TABLES])

    async def _outdated(self, table: Table[Any]) -> int:
        count: int = 0
        last: AccountId | None = None
        while True:
            async with self.acts.database.connection() as connection:
                batch = await table.page(connection, after=last, limit=BATCH)
            count += sum(self._renewed(names) != names for names in batch)
            if len(batch) < BATCH:
                return count
            last = batch[-1].account_id

    async def _re_key(self, table: Table[Any], progress: Progress, by: By) -> int:
        count: int = 0
        last: AccountId | None = None
        while True:
            async with self.acts.open(by) as act:
                batch = await table.page(act.tx, after=last, limit=BATCH, holding=True)
                changed = [new for old in batch if (new := self._renewed(old)) != old]
                if changed:
                    await table.re_key(act.tx, changed)
                    act.record(Action.RE_KEY_NAMES, detail=f"accounts:{len(changed)}")
            count += len(changed)
            progress.add(len(batch))
            if len(batch) < BATCH:
                return count
            last = batch[-1].account_id

    def _renewed(self, names: K) -> K:
        return names.renewed(partial(name_digest, self.digests))
