"""Audit rows that nobody has chained yet: measured, and an alarm once they are late (AU-1)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.clock import Clock
from shared.db import Database
from shared.logs import logger
from shared.metrics import Metrics

LATE = timedelta(seconds=30)  # chained at most 5 s behind; a transaction may take 10 s itself

log = logger("audit")


@dataclass(slots=True, kw_only=True)
class AuditBacklog:
    """Looks at what waits, whoever chains it: also where the chaining itself never gets its turn.

    Until they are chained, rows can be changed unseen by who may change them at all.
    """

    database: Database
    clock: Clock
    metrics: Metrics
    alarmed: bool = field(default=False)

    async def once(self) -> int:
        """Measure; log when it has become late. Always 0."""
        count, age = await self._waiting()
        self.metrics.gauge("audit_unchained", count)
        self.metrics.gauge("audit_unchained_seconds", age.total_seconds())
        late = age > LATE
        if late and not self.alarmed:
            log.error("audit_unchained", count=count, delay_seconds=age.total_seconds())
        self.alarmed = late
        return 0

    async def warning(self) -> str | None:
        """Say what an operator should see to, or None."""
        count, age = await self._waiting()
        if age <= LATE:
            return None
        return f"{count} rows wait to be chained, the oldest for {age.total_seconds():.0f} s"

    async def _waiting(self) -> tuple[int, timedelta]:
        async with self.database.connection() as connection:
            row = await connection.fetchrow(
                "SELECT count(*) AS entries, min(at) AS oldest FROM audit_pending"
            )
        oldest: datetime | None = row["oldest"] if row else None
        if row is None or oldest is None:
            return 0, timedelta()
        return row["entries"], max(self.clock.now() - oldest, timedelta())
