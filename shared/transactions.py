"""One business transaction a verb, with the audit row of its outcome in it (AU-1)."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from shared.audit import Audit, Origin
from shared.db import Connection, Database
from shared.errors import Refused, Unavailable
from shared.logs import logger

log = logger("audit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Transactions:
    database: Database
    audit: Audit

    @asynccontextmanager
    async def audited(
        self,
        origin: Origin,
        action: str,
        *,
        subject: str | None = None,
        practice: str | None = None,
        holding: Callable[[Connection], Awaitable[None]] | None = None,
        refused: Callable[[Connection, Refused], Awaitable[None]] | None = None,
    ) -> AsyncIterator[Connection]:
        """One transaction. A refusal undoes the work, but its audit row is committed and told.

        `refused` writes what a refusal itself changes, such as a counted try, in that same
        transaction. `holding` takes the locks that must last until then: those taken by the work
        are gone once it is undone. The work records its own success, for it alone knows whom it
        was about.
        """
        refusal: Refused | None = None
        async with self.database.transaction() as tx:
            if holding is not None:
                await holding(tx)
            try:
                async with tx.transaction():  # the savepoint that a refusal goes back to
                    yield tx
            except Refused as error:
                refusal = error
                if refused is not None:
                    await refused(tx, error)
                await self.audit.record(
                    tx,
                    origin,
                    action=action,
                    outcome="refused",
                    subject=subject,
                    practice=practice,
                    detail=error.cause,
                )
        if refusal is not None:
            raise refusal

    @asynccontextmanager
    async def audited_before(
        self, origin: Origin, action: str, *, subject: str | None = None
    ) -> AsyncIterator[None]:
        """For what must be known before there is a transaction: a refusal leaves its audit row."""
        try:
            yield
        except Refused as error:
            async with self.database.transaction() as tx:
                await self.audit.record(
                    tx,
                    origin,
                    action=action,
                    outcome="refused",
                    subject=subject,
                    detail=error.cause,
                )
            raise

    async def refused(
        self,
        origin: Origin,
        action: str,
        refusal: Refused,
        *,
        subject: str | None = None,
        practice: str | None = None,
    ) -> None:
        """Leave a row of its own for who was refused before there was any work, within bounds.

        Where the database is away the refusal is told all the same; the log has it.
        """
        if not self.audit.admits(origin, at_the_guard=True):
            return
        try:
            async with self.database.transaction() as tx:
                await self.audit.write(
                    tx,
                    origin,
                    action=action,
                    outcome="refused",
                    subject=subject,
                    practice=practice,
                    detail=refusal.cause,
                )
        except Unavailable as away:
            log.warning("refusal_not_audited", operation=action, error=away)
