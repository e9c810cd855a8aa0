"""Merges as identity sees them: people at practices, both proofs, and the request by the bus."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

import msgspec

from services.identity.patients.store import patients
from shared.contracts.identity import ReviewRefusal
from shared.contracts.ids import MergeId, PatientId, PracticeId, SessionId
from shared.contracts.merge import (
    MERGE_APPROVED,
    MERGE_REQUESTED,
    MERGE_REVIEW_ENDED,
    MERGE_REVIEW_REQUESTED,
    MergeApproved,
    MergeRequested,
    MergeReviewEnded,
    MergeReviewRequested,
)
from shared.db import Connection
from shared.randomness import Randomness
from tests.builders import events
from tests.builders.practices import PracticeDesk
from tests.rigs.identity import PASSWORD, Identity, Person
from tests.rigs.replica import Answer
from tests.support.deliveries import delivered

R = TypeVar("R", bound=MergeRequested)
RANDOM = Randomness()
QUEUE = "identity.merges"


def envelope(data: MergeRequested, identity: Identity) -> bytes:
    """A new event of merge's, as the broker hands it over."""
    at = identity.clock.now()
    if isinstance(data, MergeReviewRequested):
        return events.body(MERGE_REVIEW_REQUESTED, data, subject=data.survivor_id, time=at)
    return events.body(MERGE_REQUESTED, data, subject=data.survivor_id, time=at)


def for_review(request: MergeRequested, identity: Identity) -> MergeReviewRequested:
    """The same, as merge asks for it where practices decide first."""
    until = identity.clock.now() + timedelta(days=30)
    return MergeReviewRequested(**msgspec.structs.asdict(request), review_until=until)


def approval(request: MergeRequested, identity: Identity) -> bytes:
    """Practices have approved it, as merge says."""
    data = MergeApproved(merge_id=request.merge_id, approved_by=(PracticeId(RANDOM.uuid()),))
    return events.body(MERGE_APPROVED, data, subject=request.survivor_id, time=identity.clock.now())


def end_of_review(
    request: MergeRequested, identity: Identity, reason: ReviewRefusal = ReviewRefusal.REJECTED
) -> bytes:
    """Its review has ended without, as merge says."""
    data = MergeReviewEnded(merge_id=request.merge_id, reason=reason)
    return events.body(
        MERGE_REVIEW_ENDED, data, subject=request.survivor_id, time=identity.clock.now()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Makes people with patient records, and brings their merges to a replica."""

    identity: Identity
    desks: Sequence[PracticeDesk]
    patients_of: dict[str, str] = field(default_factory=dict)  # by username

    async def a_member(
        self,
        *,
        desk: int = 0,
        username: str | None = None,
        email: str | None = None,
        password: str = PASSWORD,
        **record: Any,
    ) -> Person:
        """An account with one patient record at that desk's practice, a second after the last."""
        self.identity.clock.advance(seconds=1)
        person = await self.identity.an_account(
            username, email=email, password=password, enrolled=False
        )
        patient_id = await self.desks[desk].a_patient(**record)
        self.patients_of[person.username] = patient_id
        async with self.identity.plumbing.database.transaction() as tx:
            await self._enrol(tx, desk, patient_id, person)
        return person

    async def _enrol(self, tx: Connection, desk: int, patient_id: str, person: Person) -> None:
        practice_id = msgspec.convert(self.desks[desk].practice_id, PracticeId)
        held = await patients.hold(tx, practice_id, msgspec.convert(patient_id, PatientId))
        assert held is not None
        await patients.enrol(tx, held, person.id, now=self.identity.clock.now())

    async def two(self, **absorbed: Any) -> tuple[Person, Person]:
        """The same human with two accounts, each at a practice of its own: survivor, absorbed."""
        return await self.a_member(), await self.a_member(desk=1, **absorbed)

    async def merged(self, **absorbed: Any) -> tuple[Person, Person]:
        """The same after their merge."""
        both = await self.two(**absorbed)
        await self.merge(*both)
        return both

    async def account(self, person: Person) -> Any:
        """What the account's holder reads of it."""
        token = (await self.session(person))["access_token"]
        return (await self.identity.call("GET", "/account", token=token)).body

    async def session(self, person: Person) -> Any:
        """The reply to a log-on."""
        return await self.identity.logged_on(person.username, person.password)

    async def reauthenticate(
        self, token: str, password: str = PASSWORD, *, source: str | None = None
    ) -> Answer:
        """SE-3, for a merge."""
        body = {"password": password, "verb": "merge"}
        return await self.identity.call(
            "POST", "/account/reauthenticate", body, token=token, source=source
        )

    async def prove(
        self, token: str, name: str, password: str = PASSWORD, *, source: str | None = None
    ) -> Answer:
        """MG-1: another account's name and password, in a session of one's own."""
        body = {"name": name, "password": password}
        return await self.identity.call(
            "POST", "/account/ownership-proofs", body, token=token, source=source
        )

    async def request(
        self, survivor: Person, absorbed: Person, *, session: Any = None
    ) -> MergeRequested:
        """What merge asks identity to do, with both proofs just given in one session."""
        session = session or await self.session(survivor)
        token = session["access_token"]
        return MergeRequested(
            merge_id=MergeId(RANDOM.uuid()),
            survivor_id=survivor.id,
            absorbed_id=absorbed.id,
            session_id=msgspec.convert(session["session_id"], SessionId),
            reauthenticated=(await self.reauthenticate(token, survivor.password)).body["grant"],
            owned=(await self.prove(token, absorbed.username, absorbed.password)).body["grant"],
        )

    async def merge(self, survivor: Person, absorbed: Person) -> MergeRequested:
        """Ask for it and have it done."""
        request = await self.request(survivor, absorbed)
        await deliver(self.identity, envelope(request, self.identity))
        return request


def again(request: R) -> R:
    """The same proofs under another merge id."""
    return replace_of(request, merge_id=MergeId(RANDOM.uuid()))


def replace_of(request: R, **changes: Any) -> R:
    """A request that says something else."""
    return msgspec.structs.replace(request, **changes)


async def deliver(identity: Identity, *bodies: bytes) -> None:
    """Hand messages to a replica as its consumer of the queue gets them, in one batch."""
    found = [delivered(body, "merge", tag=tag) for tag, body in enumerate(bodies)]
    await identity.take_in(QUEUE, *found)


async def retry(identity: Identity) -> int:
    """Let the replica try again what failed and is due."""
    return await identity.service.messaging.retries[QUEUE].once()


async def race(replicas: Sequence[Identity], *requests: MergeRequested) -> None:
    """Bring each request, in a batch of its own, to a replica of its own turn, all at once."""
    await asyncio.gather(
        *(
            deliver(replicas[number % len(replicas)], envelope(request, replicas[0]))
            for number, request in enumerate(requests)
        )
    )


async def outcomes(identity: Identity) -> list[tuple[str, str | None]]:
    """What was told of merges, in order: the event, and its reason."""
    merged = [("accounts-merged", None) for _ in await identity.events("accounts-merged")]
    rejected = await identity.events("merge-rejected")
    return [*merged, *(("merge-rejected", event["reason"]) for event in rejected)]


async def no_deadlock(*replicas: Identity) -> None:
    """Assert that no message failed on the way, and that no transaction of theirs was a victim.

    A deadlock in a batch leaves no message behind: what failed together is done one by one.
    """
    identity = replicas[0]
    assert await identity.rows("SELECT error FROM inbox_retry") == []
    assert await identity.rows("SELECT detail FROM dead_letters") == []
    assert await deadlocks(*replicas) == 0


async def deadlocks(*replicas: Identity) -> int:
    """How many there were in the test's database.

    A connection tells what it has counted up to 10 s later, so each of the pools is asked to.
    """
    for replica in replicas:
        async with AsyncExitStack() as pool:
            for _ in range(replica.plumbing.settings.pool_size):
                connection = await pool.enter_async_context(replica.plumbing.database.connection())
                await connection.execute("SELECT pg_stat_force_next_flush()")
    [row] = await replicas[0].rows(
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    )
    return int(row["deadlocks"])
