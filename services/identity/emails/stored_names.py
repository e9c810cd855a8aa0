"""Keys of the addresses that are kept, brought to the form that is compared today (ID-4, ID-6).

A release may make the form finer, as for domains. Whoever's key is of the form before cannot log on
by that address, and its canonical spelling is free for a second account.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from services.identity.accounts.model import EmailState, NameKind
from services.identity.accounts.store import accounts as account_store
from services.identity.accounts.store import names as log_on_names
from services.identity.actions import Action
from services.identity.emails.addresses import address_key
from services.identity.emails.model import StoredAddress
from services.identity.emails.store import emails, verifications
from shared.acts import Act, Acts, By
from shared.contracts.ids import AccountId
from shared.db import Connection
from shared.progress import Progress

BATCH = 500  # rows read at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Collision:
    """An address that is verified by one account, in another spelling by a second one."""

    account_id: AccountId  # whose key stays as it was
    holder_id: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredNames:
    acts: Acts

    async def outdated(self) -> int:
        """How many keys are of another form; a look at every address, in batches."""
        return len([address async for address in self._outdated(Progress())])

    async def re_key(self, progress: Progress, *, by: By) -> tuple[int, tuple[Collision, ...]]:
        """Give each address its key of today; return how many, and whom that did not work for.

        Each is a transaction of its own, so that nobody waits for the others, and a run that was
        broken off is begun again. Where another account has the name both stay as they are: they
        are of one mailbox, and only a person can say which goes on.
        """
        count, collisions = 0, []
        async with self.acts.database.connection() as connection:
            progress.begin(await emails.count(connection))
        async for address in self._outdated(progress):
            async with self.acts.open(by) as act:
                # The account's row first, as claim, verification and merge do.
                await account_store.hold(act.tx, address.account_id)
                if holder_id := await self._holder_of_name(act.tx, address, act.now):
                    collisions.append(Collision(account_id=address.account_id, holder_id=holder_id))
                elif await self._change(act, address):
                    count += 1
        return count, tuple(collisions)

    async def _outdated(self, progress: Progress) -> AsyncIterator[StoredAddress]:
        """Look at every address, in batches; each batch is told once it has been gone through."""
        last: StoredAddress | None = None
        while True:
            async with self.acts.database.connection() as connection:
                batch = await emails.page(connection, after=last, limit=BATCH)
            for address in batch:
                if address.key != address_key(address.address):
                    yield address
            progress.add(len(batch))
            if len(batch) < BATCH:
                return
            last = batch[-1]

    async def _holder_of_name(
        self, tx: Connection, address: StoredAddress, now: datetime
    ) -> AccountId | None:
        """Take the name for a verified address; return who has it instead. A claim reserves none.

        One that was merged away or replaced since it was read takes nothing. It is the account's
        since when it was (RC-9).
        """
        if address.state is EmailState.CLAIMED or not await emails.is_held(tx, address):
            return None
        key, account_id = address_key(address.address), address.account_id
        since = await log_on_names.had_since(tx, address.key, account_id) or now
        if await log_on_names.claim(tx, key, account_id, NameKind.EMAIL, now=since):
            await log_on_names.release(tx, address.key, account_id, NameKind.EMAIL)
            return None
        return await log_on_names.holder(tx, key)

    async def _change(self, act: Act, address: StoredAddress) -> bool:
        """The address's own row, and the links mailed to it. False where it is not there now."""
        key = address_key(address.address)
        if not await emails.re_key(act.tx, address, key):
            return False
        await verifications.re_key(act.tx, address.account_id, former=address.key, key=key)
        act.record(Action.RE_KEY_NAMES, account=address.account_id)
        return True
