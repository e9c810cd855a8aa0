"""What practices submitted goes to the ledger by turns, practice by practice (NT-1, NT-9)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.notify.communications.model import Submitted
from services.notify.communications.store import waiting as store
from services.notify.communications.store.waiting import Postponed
from services.notify.ledger.ledger import Ledger, Unfiled
from shared.clock import Clock
from shared.contracts.ids import PracticeId
from shared.db import Connection, Database
from shared.logs import correlated, logger
from shared.messaging.retries import RetryPolicy, describe
from shared.metrics import Metrics
from shared.randomness import Randomness

FILED_AT_ONCE = 200
BACK_OFF = RetryPolicy()
LOWEST = PracticeId(UUID(int=0))

log = logger("waiting")


@dataclass(slots=True, kw_only=True)
class WaitingCommunications:
    """A broadcast of one practice delays no other's, and no more does what is tried again.

    One transaction holds what is taken, writes its deliveries and notes that they are there: a
    process that dies in between leaves all of it waiting. What cannot be filed yet backs off and
    is never given up: what is missing comes, or is mended, and `check` tells of it until then.
    """

    ledger: Ledger
    database: Database
    clock: Clock
    randomness: Randomness
    metrics: Metrics
    _after: PracticeId = field(default=LOWEST, init=False)  # the practice that had its turn last

    async def once(self) -> int:
        """Take of each of the next practices as many as of another; return how many were taken."""
        now = self.clock.now()
        practices = await self._next(now)
        if not practices:
            return 0
        self._after = practices[-1]
        async with self.database.transaction() as tx:
            share = -(-FILED_AT_ONCE // len(practices))
            waiting = await store.claim(tx, practices, limit=share, now=now)
            with correlated(*(one.correlation_id for one in waiting)):
                unfiled = await self._file(tx, waiting)
            postponed = [self._postponed(one, now) for one in unfiled]
            later = {one.event_id for one in postponed}
            filed = [one.event_id for one in waiting if one.event_id not in later]
            await store.settle(tx, filed, postponed)
        self._tell(len(filed), unfiled)
        return len(waiting)

    async def _next(self, now: datetime) -> Sequence[PracticeId]:
        """Whose turn it is, going round from behind who had the last."""
        async with self.database.connection() as connection:
            found: list[PracticeId] = []
            for after in dict.fromkeys((self._after, LOWEST)):
                found += await store.practices(
                    connection, after=after, limit=FILED_AT_ONCE - len(found), now=now
                )
            return list(dict.fromkeys(found))

    async def _file(self, tx: Connection, waiting: Sequence[Submitted]) -> Sequence[Unfiled]:
        """File all of it at once; where that fails, each alone, so that one is in no other's way.

        Returns what is to be tried again.
        """
        if not waiting:
            return ()
        savepoint = tx.transaction()
        await savepoint.start()
        try:
            unfiled = await self.ledger.file_communications(tx, waiting)
        except Exception as error:
            await savepoint.rollback()
            if len(waiting) == 1:
                log.error("communication_failed", event_id=waiting[0].event_id, error=error)
                return [Unfiled(submitted=waiting[0], error=error)]
            return [one for each in waiting for one in await self._file(tx, [each])]
        await savepoint.commit()
        return unfiled

    def _postponed(self, unfiled: Unfiled, now: datetime) -> Postponed:
        submitted = unfiled.submitted
        wait = BACK_OFF.delay(submitted.attempts + 1, self.randomness)
        return Postponed(
            event_id=submitted.event_id, due_at=now + wait, waits_for=describe(unfiled.error)
        )

    def _tell(self, filed: int, unfiled: Sequence[Unfiled]) -> None:
        for count, outcome in ((filed, "filed"), (len(unfiled), "postponed")):
            if count:
                self.metrics.count("communications", count, outcome=outcome)
