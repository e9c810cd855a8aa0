"""Digests of the names that are kept, brought under the key and the form that are compared today.

The names themselves are kept beside them, so a changed digest key or a finer form of a name voids
nothing for good: until then no account is found by a name, and nobody is told (RC-1, RC-3).
"""

from dataclasses import dataclass

from services.recovery.actions import Action
from services.recovery.model import AccountNames
from services.recovery.names import name_digest
from services.recovery.store import accounts
from shared.acts import Acts, By
from shared.progress import Progress
from shared.trust.tokens import Digests

BATCH = 500  # accounts of one transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredNames:
    acts: Acts
    digests: Digests

    async def outdated(self) -> int:
        """How many accounts have another digest; a look at every account, in batches."""
        count, last = 0, None
        while True:
            async with self.acts.database.connection() as connection:
                batch = await accounts.names(connection, after=last, limit=BATCH)
            count += sum(self._renewed(names) != names for names in batch)
            if len(batch) < BATCH:
                return count
            last = batch[-1].account_id

    async def re_key(self, progress: Progress, *, by: By) -> int:
        """Make every digest anew that differs; return of how many accounts.

        A batch is a transaction, so a run that was broken off is begun again. Its accounts are held
        in one order: a snapshot that arrives meanwhile waits, or was here before.
        """
        count, last = 0, None
        async with self.acts.database.connection() as connection:
            progress.begin(await accounts.count(connection))
        while True:
            async with self.acts.open(by) as act:
                batch = await accounts.names(act.tx, after=last, limit=BATCH, holding=True)
                changed = [new for old in batch if (new := self._renewed(old)) != old]
                if changed:
                    await accounts.re_key(act.tx, changed)
                    act.record(Action.RE_KEY_NAMES, detail=f"accounts:{len(changed)}")
            count += len(changed)
            progress.add(len(batch))
            if len(batch) < BATCH:
                return count
            last = batch[-1].account_id

    def _renewed(self, names: AccountNames) -> AccountNames:
        return AccountNames(
            account_id=names.account_id,
            username=names.username,
            username_digest=name_digest(self.digests, names.username),
            email=names.email,
            email_digest=name_digest(self.digests, names.email) if names.email else None,
            reserved=names.reserved,
            reserved_digests=[name_digest(self.digests, name) for name in names.reserved],
        )
