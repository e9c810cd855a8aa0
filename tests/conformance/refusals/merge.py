"""What merge's verbs refuse."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from shared.contracts.identity import AccountState
from tests.builders.people import a_person, enrolled
from tests.conformance.examples import merge as examples
from tests.conformance.examples.merge import BY_STAFF, MergeStage
from tests.conformance.refusals import Elsewhere, Recipe, at, but
from tests.conformance.stage import Example
from tests.rigs.merge import Request, Saga
from tests.support.trust import ISSUER

NOBODY = UUID(int=7)
ELSEWHERE = (f"{ISSUER}/recovery",)


def of(request: Request) -> Example:
    return Example(body=request.body, token=request.token)


async def swapped(stage: MergeStage) -> Example:
    owned = await stage.issuer.reauthenticated(stage.absorbed)
    return (await examples.request_merge(stage)).but(owned=owned)


async def for_another_service(stage: MergeStage) -> Example:
    owned = await stage.issuer.owned(stage.absorbed, within=stage.survivor, audience=ELSEWHERE)
    return (await examples.request_merge(stage)).but(owned=owned)


async def a_strangers(stage: MergeStage) -> Example:
    grant = await stage.issuer.reauthenticated(a_person())
    return (await examples.request_merge(stage)).but(reauthenticated=grant)


async def of_another_session(stage: MergeStage) -> Example:
    elsewhere = replace(stage.survivor, session_id=a_person().session_id)
    grant = await stage.issuer.reauthenticated(elsewhere)
    return (await examples.request_merge(stage)).but(reauthenticated=grant)


async def used(stage: MergeStage) -> Example:
    """Both grants again, once the accounts are free for another merge."""
    request = await stage.replica.request(stage.survivor, stage.absorbed)
    saga = await stage.replica.under_way_by(request, stage.survivor, stage.absorbed)
    await stage.replica.hear(saga.rejected())
    return of(request)


async def one_account_twice(stage: MergeStage) -> Example:
    return of(await stage.replica.request(stage.survivor, stage.survivor))


async def under_way(stage: MergeStage) -> Example:
    await stage.replica.under_way(stage.survivor, stage.absorbed)
    return await examples.request_merge(stage)


def after(**change: Any) -> Recipe:
    """The other account changes after both proofs were given."""

    async def made(stage: MergeStage) -> Example:
        example = await examples.request_merge(stage)
        await stage.replica.knows(stage.absorbed.changed(**change))
        return example

    return made


async def decision(stage: MergeStage, saga: Saga) -> Example:
    """A decision of this practice's."""
    path = {"merge_id": saga.merge_id}
    return Example(path=path, body=BY_STAFF, token=await stage.practice())


async def rejected(stage: MergeStage) -> Example:
    saga = await examples.a_review(stage)
    await stage.replica.rejects(stage.practice_id, saga.merge_id)
    return await decision(stage, saga)


async def one_side_approved(stage: MergeStage) -> Example:
    """This practice has records of the one alone, and has approved for it."""
    survivor = a_person(enrolments=(enrolled(stage.practice_id),))
    other = a_person(last_name="Thorne")
    await stage.replica.knows(survivor, other)
    saga = await stage.replica.under_way(survivor, other)
    await stage.replica.approves(stage.practice_id, saga.merge_id)
    return await decision(stage, saga)


def meanwhile(**change: Any) -> Recipe:
    """One of the accounts has changed since the review was asked for."""

    async def made(stage: MergeStage) -> Example:
        saga = await examples.a_review(stage)
        await stage.replica.knows(saga.absorbed.changed(**change))
        return await decision(stage, saga)

    return made


async def beside_another(stage: MergeStage) -> Example:
    """One of the accounts is merged with a third just now."""
    saga = await examples.a_review(stage)
    third = a_person()
    await stage.replica.knows(third)
    await stage.replica.under_way(saga.survivor, third)
    return await decision(stage, saga)


REFUSALS: Mapping[str, Mapping[str, Recipe | Elsewhere]] = {
    "request_merge": {
        "MergeConfirmationRequired": but("request_merge", confirm=False),
        "ProofInvalid": but("request_merge", owned="nonsense"),
        "ProofOfAnotherAct": swapped,
        "ProofForAnotherService": for_another_service,
        "ProofOfAnotherAccount": a_strangers,
        "ProofOfAnotherSession": of_another_session,
        "ProofUsed": used,
        "MergeSameAccount": one_account_twice,
        "MergeInProgress": under_way,
        "AccountMerged": after(state=AccountState.MERGED, security_version=3, enrolments=()),
        "MergeProofStale": after(security_version=3),
    },
    "read_merge": {"NotFound": at("read_merge", merge_id=NOBODY)},
    "read_merge_review": {"NotFound": at("read_merge_review", merge_id=NOBODY)},
    "approve_merge_review": {
        "NotFound": at("approve_merge_review", merge_id=NOBODY),
        "MergeReviewEnded": rejected,
        "MergeReviewApproved": one_side_approved,
        "ReviewInProgress": beside_another,
        "ReviewStale": meanwhile(security_version=3),
        "ReviewOfMerged": meanwhile(state=AccountState.MERGED, security_version=3, enrolments=()),
    },
    "reject_merge_review": {
        "NotFound": at("reject_merge_review", merge_id=NOBODY),
        "MergeReviewEnded": rejected,
    },
}
