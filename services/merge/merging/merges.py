"""Merges: asked for with both proofs, followed by who asked (MG-1 to MG-4)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from msgspec import structs

from services.merge.actions import Action
from services.merge.merging.errors import MergeConfirmationRequired, MergeSameAccount
from services.merge.parties.errors import ProofOfAnotherAccount, ProofOfAnotherSession
from services.merge.parties.model import Proofs
from services.merge.parties.parties import Parties
from services.merge.parties.proofs import ProofChecker
from services.merge.reviews.model import REVIEW
from services.merge.reviews.store import reviews
from services.merge.saga.errors import MergeInProgress
from services.merge.saga.model import Merge, Progress, Reason, State
from services.merge.saga.store import busy_accounts
from services.merge.saga.store import merges as store
from shared.acts import Act, Acts, By
from shared.contracts.ids import AccountId, MergeId, SessionId
from shared.contracts.merge import (
    MERGE_REQUESTED,
    MERGE_REVIEW_REQUESTED,
    MergeRequested,
    MergeReviewRequested,
)
from shared.errors import NotFound, Refused
from shared.http.routes import Reply
from shared.idempotency import IdempotencyKey
from shared.randomness import Randomness
from shared.trust.grants import GrantAct, Verb

LISTED = 20


class MergeShown(Reply, frozen=True, kw_only=True):
    """A merge as its survivor sees it; `reason` says why it was refused, or waits for practices:
    until `review_until`, where they had or have to decide.
    """

    merge_id: MergeId
    state: State
    reason: Reason | None
    requested_at: datetime
    review_until: datetime | None = None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeRequest:
    """A request to merge, with the proofs as they were sent."""

    account_id: AccountId
    session_id: SessionId
    reauthenticated: str
    owned: str
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Merges:
    acts: Acts
    grants: ProofChecker
    parties: Parties
    randomness: Randomness

    async def request(
        self, request: MergeRequest, *, by: By, key: IdempotencyKey | None
    ) -> MergeShown:
        """Accept a merge: spend both proofs, take both accounts, and ask identity to merge them.

        Where they are not one person's by their records, practices decide first (MG-2).

        A refusal changes nothing and is audited, for both accounts once both are proven. The same
        request again, by its key, is answered as before, whatever its proofs and accounts have
        come to since.
        """
        checked = await self._check(request, by.now)
        async with self.acts.begin(by, Action.REQUEST, account=request.account_id) as act:
            if isinstance(checked, Proofs):
                act.also(account=checked.absorbed.account_id)
            if kept := await act.repeat(key, MergeShown):
                return kept
            if isinstance(checked, Refused):
                raise checked
            merge = await self._take(act, checked)
            ask(act, merge, request)
            act.detail = str(merge.id)
            return await act.keep(key, shown(merge))

    async def find(self, merge_id: MergeId, *, account_id: AccountId) -> MergeShown:
        """Raises NotFound, also for another account's."""
        async with self.acts.database.connection() as connection:
            merge = await store.find(connection, merge_id)
        if merge is None or merge.survivor_id != account_id:
            raise NotFound
        return shown(merge)

    async def of_account(self, account_id: AccountId) -> Sequence[MergeShown]:
        """List the newest that an account asked for."""
        async with self.acts.database.connection() as connection:
            found = await store.of_survivor(connection, account_id, limit=LISTED)
        return [shown(merge) for merge in found]

    async def _check(self, request: MergeRequest, now: datetime) -> Proofs | Refused:
        """Check what needs no transaction; a refusal waits until it is known that nothing was
        answered to this request before. Raises CatchingUp.

        Of the other account nothing is looked at before both proofs hold.
        """
        try:
            if not request.confirmed:
                raise MergeConfirmationRequired
            survivor = await self.grants.check(
                request.reauthenticated, act=GrantAct.REAUTHENTICATED, verb=Verb.MERGE, now=now
            )
            absorbed = await self.grants.check(request.owned, act=GrantAct.ACCOUNT_OWNED, now=now)
            if survivor.account_id != request.account_id:
                raise ProofOfAnotherAccount
            if any(grant.session_id != request.session_id for grant in (survivor, absorbed)):
                raise ProofOfAnotherSession
            if absorbed.account_id == request.account_id:
                raise MergeSameAccount
        except Refused as refusal:
            return refusal
        proofs = Proofs(survivor=survivor, absorbed=absorbed)
        await self.parties.arrived(proofs)
        return proofs

    async def _take(self, act: Act, proofs: Proofs) -> Merge:
        """Decide with both accounts taken: whoever had one of them before has committed by then.

        Where practices have to decide, both accounts are free again meanwhile (MG-2, MG-3).
        """
        merge = Merge(
            id=MergeId(self.randomness.uuid()),
            survivor_id=proofs.survivor.account_id,
            absorbed_id=proofs.absorbed.account_id,
            known_charts=frozenset(),
            progress=Progress(),
            requested_at=act.now,
            ended_at=None,
        )
        await self.grants.spend(act.tx, proofs.survivor, now=act.now)
        await self.grants.spend(act.tx, proofs.absorbed, now=act.now)
        await store.add(act.tx, merge)
        if not await busy_accounts.take(act.tx, merge.id, (merge.survivor_id, merge.absorbed_id)):
            raise MergeInProgress
        if await reviews.is_open(act.tx, merge.survivor_id, merge.absorbed_id):
            raise MergeInProgress
        pair = await self.parties.require_mergeable(act.tx, proofs)
        if pair.same_person:
            await store.keep_known_charts(act.tx, merge.id, pair.survivor.records)
            return merge
        await busy_accounts.free(act.tx, merge.id)
        await store.put_under_review(act.tx, merge.id)
        until = act.now + REVIEW
        await reviews.open_for(act.tx, merge.id, pair, until=until)
        return replace(merge, progress=Progress(under_review=True), review_until=until)


def ask(act: Act, merge: Merge, request: MergeRequest) -> None:
    """Ask identity to merge, or to keep what was proven; with the proofs as they were sent."""
    asked = MergeRequested(
        merge_id=merge.id,
        survivor_id=merge.survivor_id,
        absorbed_id=merge.absorbed_id,
        session_id=request.session_id,
        reauthenticated=request.reauthenticated,
        owned=request.owned,
    )
    if merge.review_until is None:
        act.publish(MERGE_REQUESTED, asked, subject=merge.survivor_id)
        return
    for_review = MergeReviewRequested(**structs.asdict(asked), review_until=merge.review_until)
    act.publish(MERGE_REVIEW_REQUESTED, for_review, subject=merge.survivor_id)


def shown(merge: Merge) -> MergeShown:
    return MergeShown(
        merge_id=merge.id,
        state=merge.progress.state,
        reason=merge.progress.reason,
        requested_at=merge.requested_at,
        review_until=merge.review_until,
        ended_at=merge.ended_at,
    )
