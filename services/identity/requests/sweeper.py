"""Requests that nobody asks for any more are deleted, with all that they say of people (EN-4)."""

from dataclasses import dataclass

from services.identity.requests.store import requests
from shared.clock import Clock
from shared.db import Database

BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSweeper:
    database: Database
    clock: Clock

    async def once(self) -> int:
        """Delete up to BATCH of them; return how many. Expiry waits for no sweep."""
        async with self.database.transaction() as tx:
            return await requests.sweep(tx, now=self.clock.now(), limit=BATCH)
