"""One-time secrets of identity's by the thousand, each of one class."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from deploy.local.provision import connected
from shared import one_time
from shared.one_time import Mint, Purpose
from shared.randomness import Randomness
from tests.timing.accounts import Accounts

UNSEALED: Any = None  # what is typed goes into no mail
Texts = Callable[[int], Awaitable[Sequence[str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """Makes secrets of one purpose, each for an owner that has no other."""

    accounts: Accounts
    purpose: Purpose
    life: timedelta
    owners: Callable[[int], Awaitable[Sequence[UUID]]]
    sent_to: str | None = None

    @property
    def mint(self) -> Mint:
        return Mint(randomness=Randomness(), digests=self.accounts.digests, sealer=UNSEALED)

    @property
    def classes(self) -> dict[str, Texts]:
        """What must look alike beside a live one."""
        return {
            "live as well": self.live,  # what the lab itself adds
            "unknown": self.nobodys,
            "used": self.used,
            "superseded": self.superseded,
            "void": self.void,
            "expired": self.expired,
        }

    async def live(self, count: int) -> Sequence[str]:
        """Secrets that are good."""
        now = datetime.now(UTC)
        made = [
            self.mint.make(self.purpose, one, life=self.life, now=now, sent_to=self.sent_to)
            for one in await self.owners(count)
        ]
        async with connected(self.accounts.site.surroundings.database.url("identity")) as kept:
            await one_time.issue(kept, self.purpose, [one.secret for one in made], now=now)
        return [one.text for one in made]

    async def nobodys(self, count: int) -> Sequence[str]:
        """What looks like one and is none."""
        return [self.mint.write(self.purpose) for _ in range(count)]

    async def used(self, count: int) -> Sequence[str]:
        return await self._ended(count, "used")

    async def superseded(self, count: int) -> Sequence[str]:
        return await self._ended(count, "superseded")

    async def void(self, count: int) -> Sequence[str]:
        return await self._ended(count, "void")

    async def expired(self, count: int) -> Sequence[str]:
        """Secrets whose time is over."""
        return await self._changed(count, "expires_at = issued_at + interval '1 ms'")

    async def _ended(self, count: int, state: str) -> Sequence[str]:
        return await self._changed(count, f"state = '{state}', ended_at = now()")

    async def _changed(self, count: int, change: str) -> Sequence[str]:
        texts = await self.live(count)
        await self.accounts.site.database.execute(
            f"UPDATE identity.one_time_secrets SET {change} WHERE digest = ANY ($1)",  # noqa: S608
            [self.purpose.digest(self.accounts.digests, text) for text in texts],
        )
        return texts
