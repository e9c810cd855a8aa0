"""Merge's verbs, each called by a person, or by a practice's system."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from shared.contracts.identity import EnrolmentState
from shared.contracts.ids import PatientId
from tests.builders.people import Person, a_person, a_practice, enrolled
from tests.conformance.stage import Clients, Example
from tests.rigs.issuer import Issuer
from tests.rigs.merge import Merging, Saga, replica
from tests.support.clock import FakeClock
from tests.support.database import Database
from tests.support.trust import trusting

BY_STAFF = {"staff_id": "nurse-7", "reason": "asked at the desk"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeStage(Clients):
    """Merge, which has heard of one person's two accounts."""

    replica: Merging
    survivor: Person
    absorbed: Person

    async def session(self, *, service: str | None = None) -> str:
        stranger = a_person()
        await self.replica.knows(stranger)
        return await self.issuer.token(stranger, service=service)


async def own_records(stage: MergeStage) -> dict[str, PatientId]:
    """Two records of one person at this practice, a duplicate chart since her accounts are one."""
    one = enrolled(stage.practice_id)
    other = enrolled(stage.practice_id, EnrolmentState.UNENROLLED)
    survivor, absorbed = a_person(enrolments=(one,)), a_person(enrolments=(other,))
    await stage.replica.knows(survivor, absorbed)
    saga = await stage.replica.under_way(survivor, absorbed)
    await stage.replica.hear(saga.merged())
    return {"merged": one.patient_id, "merged, un-enrolled": other.patient_id}


@asynccontextmanager
async def opened(database: Database, clock: FakeClock) -> AsyncIterator[MergeStage]:
    async with trusting(database, "identity", clock) as identity:
        await identity.own_keys.ensure()
        issuer = Issuer(trust=identity, clock=clock)
        async with replica(database, clock, issuer) as merging:
            survivor, absorbed = a_person(), a_person()
            await merging.knows(survivor, absorbed)
            yield MergeStage(
                replica=merging,
                issuer=issuer,
                survivor=survivor,
                absorbed=absorbed,
                practice_id=a_practice(),
            )


async def request_merge(stage: MergeStage) -> Example:
    request = await stage.replica.request(stage.survivor, stage.absorbed)
    return Example(body=request.body, token=request.token)


async def list_merges(stage: MergeStage) -> Example:
    return Example(token=await stage.issuer.token(stage.survivor))


async def read_merge(stage: MergeStage) -> Example:
    asked = await stage.replica.ask(stage.survivor, stage.absorbed)
    return Example(
        path={"merge_id": asked.merge_id}, token=await stage.issuer.token(stage.survivor)
    )


async def list_merge_conflicts(stage: MergeStage) -> Example:
    return Example(token=await stage.practice())


async def a_review(stage: MergeStage) -> Saga:
    """Two accounts of this practice's records, which are not one person's by them."""
    survivor = a_person(enrolments=(enrolled(stage.practice_id),))
    absorbed = a_person(enrolments=(enrolled(stage.practice_id),), last_name="Thorne")
    await stage.replica.knows(survivor, absorbed)
    return await stage.replica.under_way(survivor, absorbed)


async def list_merge_reviews(stage: MergeStage) -> Example:
    await a_review(stage)
    return Example(token=await stage.practice())


async def read_merge_review(stage: MergeStage) -> Example:
    review = await a_review(stage)
    return Example(path={"merge_id": review.merge_id}, token=await stage.practice())


async def approve_merge_review(stage: MergeStage) -> Example:
    return replace(await read_merge_review(stage), body=BY_STAFF)


async def reject_merge_review(stage: MergeStage) -> Example:
    return replace(await read_merge_review(stage), body=BY_STAFF)


async def read_offer(stage: MergeStage) -> Example:
    return Example(token=await stage.issuer.token(stage.survivor))


async def skip_offer(stage: MergeStage) -> Example:
    return Example(token=await stage.issuer.token(stage.survivor))


async def read_source_at_merge(stage: MergeStage) -> Example:
    return Example()
