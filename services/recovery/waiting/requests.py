"""Accept first, work later, the request: nothing in it tells a hit from a miss (RC-1, RC-3)."""

import asyncio
from dataclasses import dataclass

from services.recovery.projections.names import name_digest
from services.recovery.waiting.model import Request
from shared.acts import By
from shared.group_commit import GroupCommit
from shared.randomness import Randomness
from shared.trust.tokens import Digests

SOONEST, LATEST = 0.010, 0.030  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    keep: GroupCommit[Request, Request]
    digests: Digests
    randomness: Randomness
    work: asyncio.Event  # wakes the loop that works on them

    async def accept(self, name: str, *, by: By, person_digests: bytes | None = None) -> None:
        """Write the same one row for any name, look nothing up, and have it worked on soon.

        When the work begins is the same for every name, and a little different each time.
        """
        request = Request(
            id=self.randomness.uuid(),
            name_digest=name_digest(self.digests, name),
            person_digests=person_digests,
            requested_at=by.now,
            origin=by.origin,
        )
        await self.keep(request)
        soon = self.randomness.between(SOONEST, LATEST)
        asyncio.get_running_loop().call_later(soon, self.work.set)
