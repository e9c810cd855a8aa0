"""One business transaction a verb, with the audit row of its outcome in it (AU-1)."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from shared.audit import Audit, Origin
from shared.db import Connection, Database
from shared.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Transactions:
    database: Database
    audit: Audit

    @asynccontextmanager
    async def audited(
        self, origin: Origin, action: str, *, subject: str
    ) -> AsyncIterator[Connection]:
        """One transaction. A refusal undoes the work, but its audit row is committed and told.

        The work records its own success.
        """
        refusal: Refused | None = None
        async with self.database.transaction() as tx:
            try:
                async with tx.transaction():  # the savepoint that a refusal goes back to
                    yield tx
            except Refused as error:
                refusal = error
                await self.audit.record(
                    tx,
                    origin,
                    action=action,
                    outcome="refused",
                    subject=subject,
                    detail=code_of(error),
                )
        if refusal is not None:
            raise refusal


def code_of(error: Refused) -> str:
    """What the audit calls a refusal: its type, written like a code."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()
