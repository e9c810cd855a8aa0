"""Merges under review: decided by a practice's system (MG-2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

import msgspec

from deploy.gateway.doors.http import Asker, Nothing, Sent, Verb
from deploy.gateway.doors.practice import ByStaff, Client, PracticeSystem

R = TypeVar("R", bound=msgspec.Struct)


class Record(msgspec.Struct, frozen=True, kw_only=True):
    patient_id: str
    last_name: str
    first_name: str
    birth_date: date

    @property
    def name(self) -> str:
        """As people say it."""
        return f"{self.first_name} {self.last_name}"


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    merge_id: str
    review_until: datetime
    approved: bool
    records: tuple[Record, ...]


class ListedReviews(msgspec.Struct, frozen=True, kw_only=True):
    reviews: tuple[Listed, ...]


class Side(msgspec.Struct, frozen=True, kw_only=True):
    username: str  # masked
    records: tuple[Record, ...]
    approved: bool


class Review(msgspec.Struct, frozen=True, kw_only=True):
    merge_id: str
    state: str
    reason: str | None
    open: bool
    requested_at: datetime
    review_until: datetime
    survivor: Side
    absorbed: Side

    @property
    def sides(self) -> tuple[Side, Side]:
        """Both accounts, the one that stays first."""
        return self.survivor, self.absorbed


OF_REVIEW = "/practice/merge-reviews/{merge_id}"
LIST = Verb("list_merge_reviews", "GET", "/practice/merge-reviews", ListedReviews, bearer=True)
READ = Verb("read_merge_review", "GET", OF_REVIEW, Review, bearer=True)
APPROVE = Verb(
    "approve_merge_review", "POST", f"{OF_REVIEW}/approve", Nothing, ByStaff, bearer=True
)
REJECT = Verb("reject_merge_review", "POST", f"{OF_REVIEW}/reject", Nothing, ByStaff, bearer=True)

VERBS: tuple[Verb[Any], ...] = (LIST, READ, APPROVE, REJECT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviews:
    """Each method one verb. Raises Refused, Away, Broken."""

    system: PracticeSystem

    async def each(self, asker: Asker, client: Client) -> tuple[Listed, ...]:
        return (await self._call(LIST, asker, client)).reviews

    async def read(self, asker: Asker, client: Client, merge_id: str) -> Review:
        return await self._call(READ, asker, client, ids={"merge_id": merge_id})

    async def approve(self, asker: Asker, client: Client, merge_id: str, body: ByStaff) -> None:
        await self._call(APPROVE, asker, client, ids={"merge_id": merge_id}, body=body)

    async def reject(self, asker: Asker, client: Client, merge_id: str, body: ByStaff) -> None:
        await self._call(REJECT, asker, client, ids={"merge_id": merge_id}, body=body)

    async def _call(
        self,
        verb: Verb[R],
        asker: Asker,
        client: Client,
        *,
        ids: Mapping[str, str] | None = None,
        body: Sent | None = None,
    ) -> R:
        token = await self.system.token(asker, client, "merge")
        return await self.system.merge.call(verb, asker, token=token, ids=ids, body=body)
