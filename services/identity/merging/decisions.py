"""Merging: two accounts become one in one transaction, or nothing of it happens (MG-3, MG-4)."""

from dataclasses import dataclass

from services.identity.accounts.accounts import Accounts
from services.identity.accounts.tellings import tell
from services.identity.actions import Action
from services.identity.merging.errors import MergeImpossible
from services.identity.merging.store import merges as store
from services.identity.merging.unions import Couple, Unions
from services.identity.patients.store import enrolments
from services.identity.two_step.store import two_steps
from shared.acts import Act, Acts, By
from shared.audit.entries import Origin, Outcome
from shared.clock import Clock
from shared.contracts.envelope import Received
from shared.contracts.identity import (
    ACCOUNTS_MERGED,
    MERGE_REJECTED,
    AccountState,
    MergeRefusal,
)
from shared.contracts.matching import same_holder
from shared.contracts.merge import MergeRequested
from shared.db import Connection
from shared.logs import logger
from shared.messaging.subscriptions import Undeliverable, origin_of
from shared.metrics import Metrics
from shared.trust.grants import Grant, GrantAct, GrantChecker, GrantInvalid, GrantUsed, Verb

log = logger("merges")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """What both accounts' passwords vouched for; spent with the merge."""

    survivor: Grant
    absorbed: Grant


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeDecisions:
    acts: Acts
    clock: Clock
    grants: GrantChecker
    accounts: Accounts
    unions: Unions
    metrics: Metrics

    async def decide(self, tx: Connection, *events: Received[MergeRequested]) -> None:
        """Merge, or say why not: decided for ever and told once, whoever asks again.

        A refusal is an outcome, committed with its message. All proofs are checked first, and a
        key may have to be waited for: until then the transaction has its inbox rows alone, for
        which nobody waits but a second delivery of these messages. Where the key does not come the
        messages fail, and are tried again later. Then the accounts of all merges are held at once:
        none is waited for by who has records, names or sessions of another merge. One by one in
        one transaction, the first may wait; any other fails where an account is held, and is
        tried again later.
        """
        proofs = [await self._check(event.data) for event in events]
        may_wait = await store.line_up(tx)
        asked = {i for e in events for i in (e.data.survivor_id, e.data.absorbed_id)}
        if not asked <= await store.hold(tx, asked, wait=may_wait):
            raise Undeliverable("no such account")
        for event, proven in zip(events, proofs, strict=True):
            await self._decide(tx, event, proven)

    async def _decide(
        self, tx: Connection, event: Received[MergeRequested], proofs: Proofs | MergeRefusal
    ) -> None:
        """Decide one, both accounts held: nothing of theirs changes but by this transaction.

        The proofs are spent whatever comes of it: brought again they would mail both once more.
        """
        request, by = event.data, By(origin=_origin(event), now=self.clock.now())
        async with self.acts.within(tx, by, cause=event.id) as act:
            couple = Couple(
                survivor=await self.accounts.view(tx, request.survivor_id),
                absorbed=await self.accounts.view(tx, request.absorbed_id),
            )
            if not await store.begin(
                tx,
                request.merge_id,
                survivor_id=request.survivor_id,
                absorbed_id=request.absorbed_id,
                now=act.now,
            ):
                return
            if isinstance(proofs, MergeRefusal):
                await self._turn_away(act, event, couple, proofs)
            elif not await self._spend(act, proofs):
                await self._turn_away(act, event, couple, MergeRefusal.GRANT_USED)
            else:
                try:
                    async with act.attempt():
                        await self._require(tx, couple, proofs)
                        await self._merge(act, request, couple)
                except MergeImpossible as impossible:
                    await self._reject(act, request, couple, impossible.reason)

    async def _check(self, request: MergeRequested) -> Proofs | MergeRefusal:
        """Check both grants again, but for their expiry: merge took them in time (MG-2)."""
        now = self.clock.now()
        if request.survivor_id == request.absorbed_id:
            return MergeRefusal.SAME_ACCOUNT
        try:
            proofs = Proofs(
                survivor=await self.grants.check_again(
                    request.reauthenticated, act=GrantAct.REAUTHENTICATED, verb=Verb.MERGE, now=now
                ),
                absorbed=await self.grants.check_again(
                    request.owned, act=GrantAct.ACCOUNT_OWNED, now=now
                ),
            )
        except GrantInvalid:
            return MergeRefusal.GRANT_INVALID
        proven = proofs.survivor.account_id, proofs.absorbed.account_id
        if proven != (request.survivor_id, request.absorbed_id):
            return MergeRefusal.GRANT_INVALID
        if {proofs.survivor.session_id, proofs.absorbed.session_id} != {request.session_id}:
            return MergeRefusal.GRANT_INVALID
        return proofs

    async def _spend(self, act: Act, proofs: Proofs) -> bool:
        """Both or neither. False: one was brought before, which merge never does."""
        try:
            async with act.attempt():
                await self.grants.spend(act.tx, proofs.survivor, now=act.now)
                await self.grants.spend(act.tx, proofs.absorbed, now=act.now)
        except GrantUsed:
            return False
        return True

    async def _require(self, tx: Connection, couple: Couple, proofs: Proofs) -> None:
        """What a merge needs, compared while it is held. Raises MergeImpossible."""
        survivor, absorbed = couple.survivor.account, couple.absorbed.account
        if AccountState.MERGED in (survivor.state, absorbed.state):
            raise MergeImpossible(MergeRefusal.ACCOUNT_MERGED)
        if {survivor.state, absorbed.state} != {AccountState.ACTIVE}:
            raise MergeImpossible(MergeRefusal.PROOF_STALE)
        known = survivor.security_version, absorbed.security_version
        if known != (proofs.survivor.security_version, proofs.absorbed.security_version):
            raise MergeImpossible(MergeRefusal.PROOF_STALE)
        if await two_steps.only_of(tx, absorbed.id, not_of=survivor.id):
            # MG-5: on as the other one was proven, which would be told now why it is not enough.
            raise MergeImpossible(MergeRefusal.PROOF_STALE)
        if not same_holder(
            await enrolments.records(tx, survivor.id), await enrolments.records(tx, absorbed.id)
        ):
            raise MergeImpossible(MergeRefusal.PERSON_MISMATCH)

    async def _merge(self, act: Act, request: MergeRequested, couple: Couple) -> None:
        survivor = await self.unions.unite(act, couple, asking=request.session_id)
        tell(
            act,
            survivor,
            ACCOUNTS_MERGED,
            recipients=couple.recipients,
            merge_id=request.merge_id,
            absorbed_id=request.absorbed_id,
            enrolments=survivor.told_enrolments,
        )
        self._record(act, request, None)

    async def _reject(
        self, act: Act, request: MergeRequested, couple: Couple, reason: MergeRefusal
    ) -> None:
        """Refuse what both have proven, and tell both (MG-6)."""
        await self._tell(act, request, couple, reason, origin=act.origin)
        self._record(act, request, reason)

    async def _turn_away(
        self, act: Act, event: Received[MergeRequested], couple: Couple, reason: MergeRefusal
    ) -> None:
        """Refuse what nobody has proven: the saga ends, and neither account hears a word of it.

        It is the bus's doing, not a person's: merge would have refused it, so it is an alarm.
        """
        origin = origin_of(event)
        await self._tell(act, event.data, couple, reason, origin=origin, proven=False)
        act.record(Action.MERGE, "refused", merge=event.data.merge_id, detail=reason, origin=origin)
        self.metrics.count("merges_unproven", reason=reason)
        log.error("merge_unproven", event_id=event.id, reason=reason)

    async def _tell(
        self,
        act: Act,
        request: MergeRequested,
        couple: Couple,
        reason: MergeRefusal,
        *,
        origin: Origin,
        proven: bool = True,
    ) -> None:
        await store.refuse(act.tx, request.merge_id, reason)
        tell(
            act,
            couple.survivor,
            MERGE_REJECTED,
            recipients=couple.recipients if proven else (),
            origin=origin,
            merge_id=request.merge_id,
            absorbed_id=request.absorbed_id,
            absorbed_recipients=couple.absorbed.recipients if proven else (),
            reason=reason,
            proven=proven,
        )

    def _record(self, act: Act, request: MergeRequested, refusal: MergeRefusal | None) -> None:
        """A row for each account, so that the history of either tells it (AU-1)."""
        for account_id in sorted({request.survivor_id, request.absorbed_id}):
            outcome: Outcome = "refused" if refusal else "done"
            act.record(Action.MERGE, outcome, account=account_id, detail=refusal)


def _origin(event: Received[MergeRequested]) -> Origin:
    """The survivor's holder asked, in her session; from where, merge's own row says."""
    return origin_of(event, actor=f"account:{event.data.survivor_id}")
