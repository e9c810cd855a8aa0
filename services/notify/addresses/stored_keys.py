"""Keys of the addresses that are kept, brought to the form that is compared today (NT-2, NT-5).

A release may make the form finer. Under a key of the form before, an account could add a mailbox
that it has, and mail would go to an address where nothing arrives, or not to one where it does.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from services.notify.actions import Action
from services.notify.addresses.store import stored_keys as store
from services.notify.addresses.store.stored_keys import StoredKey
from shared.acts import Acts, By
from shared.contracts.addresses import mailbox_key
from shared.contracts.log_on_names import name_key
from shared.db import Connection
from shared.progress import Progress

BATCH = 500  # rows read at once

Page = Callable[..., Awaitable[Sequence[StoredKey]]]
Change = Callable[[Connection, StoredKey, str], Awaitable[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Where keys are kept, and what they are of an address."""

    page: Page
    change: Change
    key_of: Callable[[str], str]


TABLES = (
    Table(page=store.of_addresses, change=store.re_key_address, key_of=name_key),
    Table(page=store.of_suppressions, change=store.re_key_suppression, key_of=mailbox_key),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKeys:
    acts: Acts

    async def outdated(self) -> int:
        """How many keys are of another form; a look at every address, in batches."""
        return sum([1 for table in TABLES async for _ in self._outdated(table, Progress())])

    async def re_key(self, progress: Progress, *, by: By) -> int:
        """Give each address its key of today; return how many had another.

        Each is a transaction of its own, so that nobody waits for the others, and a run that was
        broken off is begun again.
        """
        count = 0
        for table in TABLES:
            async for stored in self._outdated(table, progress):
                async with self.acts.open(by) as act:
                    if await table.change(act.tx, stored, table.key_of(stored.address)):
                        act.record(Action.RE_KEY_ADDRESSES)
                        count += 1
        return count

    async def _outdated(self, table: Table, progress: Progress) -> AsyncIterator[StoredKey]:
        """Look at every one, in batches; each batch is told once it has been gone through."""
        after = ""
        while True:
            async with self.acts.database.connection() as connection:
                batch = await table.page(connection, after=after, limit=BATCH)
            for stored in batch:
                if stored.key != table.key_of(stored.address):
                    yield stored
            progress.add(len(batch))
            if len(batch) < BATCH:
                return
            after = batch[-1].place
