"""Merge from outside: what the pages ask of it."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from deploy.gateway.doors.http import Door, Nothing, Sent, Verb
from deploy.gateway.web.visits import Visit

ENDED = frozenset({"completed", "refused"})


class MergeRequest(Sent, frozen=True, kw_only=True):
    reauthenticated: str
    owned: str
    confirm: bool


class Merge(msgspec.Struct, frozen=True, kw_only=True):
    merge_id: str
    state: str
    reason: str | None
    requested_at: datetime
    review_until: datetime | None = None
    ended_at: datetime | None

    @property
    def ended(self) -> bool:
        """Whether nothing more will become of it."""
        return self.state in ENDED

    @property
    def under_review(self) -> bool:
        """Whether practices decide first: that takes days."""
        return self.state == "under-review"


class Merges(msgspec.Struct, frozen=True, kw_only=True):
    merges: tuple[Merge, ...]


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    username: str  # masked
    practices: tuple[str, ...]


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    place: str | None
    candidates: tuple[Candidate, ...]

    @property
    def at_log_on(self) -> bool:
        """Whether it is made between the password and the portal."""
        return self.place == "log-on"

    @property
    def at_home(self) -> bool:
        """Whether it is made on the home page: it was skipped three months ago."""
        return self.place == "home"


REQUEST = Verb("request_merge", "POST", "/merges", Merge, MergeRequest, keyed=True, bearer=True)
LIST = Verb("list_merges", "GET", "/merges", Merges, bearer=True)
READ = Verb("read_merge", "GET", "/merges/{merge_id}", Merge, bearer=True)
OFFER = Verb("read_offer", "GET", "/offer", Offer, bearer=True)
SKIP = Verb("skip_offer", "POST", "/offer/skip", Nothing, bearer=True)
OFFER_SECONDS = 0.5  # nobody waits longer at the log-on for what may be nothing (LG-3)

VERBS = (REQUEST, LIST, READ, OFFER, SKIP)


@dataclass(frozen=True, slots=True)
class Merging:
    """Each method one verb. Raises Refused, Away, Broken."""

    door: Door

    async def request(self, visit: Visit, token: str, asked: MergeRequest, *, key: str) -> Merge:
        return await self.door.call(REQUEST, visit, token=token, body=asked, key=key)

    async def each(self, visit: Visit, token: str) -> Merges:
        return await self.door.call(LIST, visit, token=token)

    async def read(self, visit: Visit, token: str, merge_id: str) -> Merge:
        return await self.door.call(READ, visit, token=token, ids={"merge_id": merge_id})

    async def offer(self, visit: Visit, token: str) -> Offer:
        return await self.door.call(OFFER, visit, token=token, within=OFFER_SECONDS)

    async def skip(self, visit: Visit, token: str) -> None:
        await self.door.call(SKIP, visit, token=token)
