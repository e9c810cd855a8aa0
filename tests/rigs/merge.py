"""Merge in process on a real database; identity's facts and proofs are told by hand."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from services.merge.__main__ import PROGRAM
from services.merge.features import Features
from services.merge.settings import MergeSettings
from shared.contracts.contract import Contract, E
from shared.contracts.identity import (
    ACCOUNT_CHANGED,
    ACCOUNTS_MERGED,
    MERGE_REJECTED,
    PERSON_CHANGED,
    AccountsMerged,
    MergeRefusal,
)
from shared.contracts.ids import MergeId, PracticeId
from shared.contracts.merge import (
    MERGE_APPROVED,
    MERGE_REQUESTED,
    MERGE_REVIEW_ENDED,
    MERGE_REVIEW_REQUESTED,
    MergeApplied,
    MergeApproved,
    MergeRequested,
    MergeReviewEnded,
    MergeReviewRequested,
)
from shared.contracts.notify import NOTIFY_MERGE_APPLIED
from shared.contracts.recovery import RECOVERY_MERGE_APPLIED
from shared.messaging.messages import Delivery
from shared.randomness import Randomness
from shared.trust.keys import KEYS_CHANGED
from tests.builders import events
from tests.builders.people import Person, a_person
from tests.rigs.issuer import Issuer
from tests.rigs.replica import Answer, Replica, environment, put_together, served
from tests.support.clock import FakeClock
from tests.support.database import Database
from tests.support.deliveries import delivered

RANDOM = Randomness()
GATEWAY = "198.51.100.7"  # where every merge is asked for from


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A merge as it is asked for; the same again is the same grants."""

    token: str
    body: Mapping[str, Any]
    key: str | None = None


@dataclass(slots=True, kw_only=True, repr=False)
class Merging(Replica[Features, MergeSettings]):
    """One replica of merge."""

    identity: Issuer

    async def hear(self, *deliveries: Delivery, queue: str = "merge.saga") -> None:
        """Take these in as one batch."""
        await self.take_in(queue, *deliveries)

    async def learn_keys(self) -> None:
        """Hear identity's keys."""
        bodies = await self.identity.trust.published()
        assert KEYS_CHANGED["identity"].owner == "identity"
        deliveries = [delivered(body, tag=tag) for tag, body in enumerate(bodies)]
        await self.hear(*deliveries, queue="merge.keys")

    async def knows(self, *people: Person) -> None:
        """Hear of people as they are, and of their records."""
        for person in people:
            await self.knows_account(person)
            await self.knows_records(person)

    async def people(self, count: int = 2, **last: Any) -> list[Person]:
        """Accounts that it has heard of, each at a practice of its own.

        They are one person's, unless the last is said to be another's.
        """
        people = [*(a_person() for _ in range(count - 1)), a_person(**last)]
        await self.knows(*people)
        return people

    async def a_merge(self) -> "Saga":
        """A merge of two such, accepted."""
        return await self.under_way(*await self.people())

    async def knows_account(self, person: Person) -> None:
        delivery = message(
            ACCOUNT_CHANGED, person.snapshot(), subject=person.account_id, version=person.version
        )
        await self.hear(delivery, queue="merge.accounts")

    async def knows_records(self, person: Person) -> None:
        records = [
            message(PERSON_CHANGED, record, subject=record.patient_id, version=person.version)
            for record in person.records()
        ]
        if records:
            await self.hear(*records, queue="merge.accounts")

    async def request(
        self, survivor: Person, absorbed: Person, *, key: str | None = None, **said: Any
    ) -> Request:
        """Prove both accounts at identity; what is said replaces what would be right."""
        body = {
            "reauthenticated": await self.identity.reauthenticated(survivor),
            "owned": await self.identity.owned(absorbed, within=survivor),
            "confirm": True,
            **said,
        }
        return Request(token=await self.identity.token(survivor), body=body, key=key)

    async def send(self, request: Request) -> Answer:
        headers = {} if request.key is None else {"Idempotency-Key": request.key}
        return await self.call(
            "POST",
            "/merges",
            request.body,
            token=request.token,
            source=GATEWAY,
            headers=headers,
        )

    async def ask(self, survivor: Person, absorbed: Person, **said: Any) -> Answer:
        return await self.send(await self.request(survivor, absorbed, **said))

    async def get(self, path: str, token: str) -> Answer:
        return await self.call("GET", path, token=token)

    async def state(self, merge_id: MergeId, person: Person) -> tuple[str, str | None]:
        """State and reason as the survivor is told."""
        answer = await self.get(f"/merges/{merge_id}", await self.identity.token(person))
        assert answer.status == 200, answer.body
        return answer.body["state"], answer.body["reason"]

    async def under_way(self, survivor: Person, absorbed: Person) -> "Saga":
        """Have a merge of these accepted."""
        request = await self.request(survivor, absorbed)
        return await self.under_way_by(request, survivor, absorbed)

    async def under_way_by(self, request: Request, survivor: Person, absorbed: Person) -> "Saga":
        """Have this request accepted, which is of these."""
        answer = await self.send(request)
        return Saga(merge_id=answer.merge_id, survivor=survivor, absorbed=absorbed)

    async def requested(self) -> list[MergeRequested]:
        """What identity is asked for by the outbox."""
        return [told for _, told in await self._published(MERGE_REQUESTED)]

    async def reviews_requested(self) -> list[MergeReviewRequested]:
        """Of which merges identity is asked to keep what was proven."""
        return [told for _, told in await self._published(MERGE_REVIEW_REQUESTED)]

    async def approved(self) -> list[MergeApproved]:
        """Which merges identity is told that practices approve."""
        return [told for _, told in await self._published(MERGE_APPROVED)]

    async def reviews_ended(self) -> list[MergeReviewEnded]:
        """Which reviews identity is told that have ended without."""
        return [told for _, told in await self._published(MERGE_REVIEW_ENDED)]

    async def under_review(self, **last: Any) -> "Saga":
        """A merge of two people, each at a practice of its own, which practices have to decide."""
        return await self.under_way(*await self.people(**{"last_name": "Thorne", **last}))

    async def lists(self, practice_id: PracticeId) -> Answer:
        token = await self.identity.client_token(practice_id, "merges:read", "merges:review")
        return await self.get("/practice/merge-reviews", token)

    async def reads(self, practice_id: PracticeId, merge_id: MergeId) -> Answer:
        token = await self.identity.client_token(practice_id, "merges:read", "merges:review")
        return await self.get(f"/practice/merge-reviews/{merge_id}", token)

    async def decides(self, practice_id: PracticeId, merge_id: MergeId, what: str) -> Answer:
        """Have a practice approve or reject."""
        return await self.call(
            "POST",
            f"/practice/merge-reviews/{merge_id}/{what}",
            {"staff_id": "reception-2", "reason": "she called"},
            token=await self.identity.client_token(practice_id, "merges:read", "merges:review"),
        )

    async def approves(self, practice_id: PracticeId, merge_id: MergeId) -> Answer:
        return await self.decides(practice_id, merge_id, "approve")

    async def rejects(self, practice_id: PracticeId, merge_id: MergeId) -> Answer:
        return await self.decides(practice_id, merge_id, "reject")

    async def _published(self, contract: Contract[E]) -> list[tuple[str, E]]:
        return [
            (one.subject, msgspec.json.decode(one.data, type=contract.data))
            for one in await self.envelopes(contract)
        ]

    async def untouched(self) -> bool:
        """Whether nothing is kept of any request: no proof is spent, no account taken, identity is
        not asked.
        """
        counts = [
            await self.rows(f"SELECT FROM {table}")
            for table in ("spent_grants", "merges", "busy_accounts", "idempotency_keys")
        ]
        return not any((*counts, await self.requested(), await self.reviews_requested()))

    async def audited(self, action: str = "merge.request") -> list[tuple[str, str, str | None]]:
        """Outcome, subject and detail of each row, in the order in which they came."""
        rows = await self.rows(
            "SELECT outcome, subject, detail FROM audit_entries WHERE action = $1 ORDER BY at, id",
            action,
        )
        return [(row["outcome"], row["subject"], row["detail"]) for row in rows]

    async def dead(self) -> list[str]:
        """Why messages of the saga are dead."""
        rows = await self.rows(
            "SELECT detail FROM dead_letters WHERE reason = 'undeliverable' ORDER BY id"
        )
        return [row["detail"].removeprefix("Undeliverable: ") for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Saga:
    """A merge under way, and the messages that others send about it; each call is a new event."""

    merge_id: MergeId
    survivor: Person
    absorbed: Person

    def merged(self) -> Delivery:
        return message(ACCOUNTS_MERGED, self.accounts_merged(), subject=self.survivor.account_id)

    def accounts_merged(self) -> AccountsMerged:
        both = (*self.survivor.enrolments, *self.absorbed.enrolments)
        return events.merged(
            self.survivor.account_id,
            self.absorbed.account_id,
            merge_id=self.merge_id,
            enrolments=both,
        )

    def rejected(self, reason: MergeRefusal = MergeRefusal.PROOF_STALE) -> Delivery:
        told = events.merge_rejected(
            self.survivor.account_id,
            self.absorbed.account_id,
            merge_id=self.merge_id,
            reason=reason,
        )
        return message(MERGE_REJECTED, told, subject=self.survivor.account_id)

    def recovery_applied(self) -> Delivery:
        return self._applied(RECOVERY_MERGE_APPLIED)

    def notify_applied(self) -> Delivery:
        return self._applied(NOTIFY_MERGE_APPLIED)

    def all_applied(self) -> list[Delivery]:
        return [self.merged(), self.recovery_applied(), self.notify_applied()]

    def merge_applied(self) -> MergeApplied:
        return MergeApplied(merge_id=self.merge_id)

    def _applied(self, contract: Contract[MergeApplied]) -> Delivery:
        return message(contract, self.merge_applied(), subject=self.survivor.account_id)


def message(
    contract: Contract[E], data: E, *, subject: UUID, version: int | None = None
) -> Delivery:
    """An event as its owner's relay publishes it."""
    return delivered(events.body(contract, data, subject=subject, version=version), contract.owner)


@asynccontextmanager
async def replica(
    database: Database, clock: FakeClock, identity: Issuer, **settings: str
) -> AsyncIterator[Merging]:
    """Put a replica together that knows identity's keys; nothing of it runs by itself."""
    service = put_together(PROGRAM, environment("merge", database.url("merge"), **settings), clock)
    async with served(service) as client:
        made = Merging(service=service, client=client, identity=identity, clock=clock)
        await made.learn_keys()
        yield made


async def sent_at_once(merging: Iterable[Merging], requests: Iterable[Request]) -> list[Answer]:
    """Send each request to its replica, all at the same moment."""
    return await asyncio.gather(
        *(replica.send(request) for replica, request in zip(merging, requests, strict=True))
    )
