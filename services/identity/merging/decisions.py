"""Merging: two accounts become one in one transaction, or nothing of it happens (MG-3, MG-4)."""

from dataclasses import dataclass

from services.identity.merging.errors import MergeImpossible
from services.identity.merging.outcomes import Outcomes, begin, hold, of_the_survivor, parties
from services.identity.merging.proofs import ProofChecker, Proofs, require_proven
from services.identity.merging.store import merges as store
from services.identity.merging.unions import Couple
from services.identity.patients.store import enrolments
from shared.acts import Acts, By
from shared.clock import Clock
from shared.contracts.envelope import Received
from shared.contracts.identity import MergeRefusal
from shared.contracts.matching import same_holder
from shared.contracts.merge import MergeRequested
from shared.db import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeDecisions:
    acts: Acts
    clock: Clock
    proofs: ProofChecker
    outcomes: Outcomes

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
        proofs = [await self.proofs.check(event.data) for event in events]
        may_wait = await store.line_up(tx)
        await hold(tx, {i for e in events for i in parties(e.data)}, wait=may_wait)
        for event, proven in zip(events, proofs, strict=True):
            await self._decide(tx, event, proven)

    async def _decide(
        self, tx: Connection, event: Received[MergeRequested], proofs: Proofs | MergeRefusal
    ) -> None:
        """Decide one, both accounts held: nothing of theirs changes but by this transaction.

        The proofs are spent whatever comes of it: brought again they would mail both once more.
        """
        request, by = event.data, By(origin=of_the_survivor(event), now=self.clock.now())
        async with self.acts.within(tx, by, cause=event.id) as act:
            couple = await self.outcomes.couple(tx, request.survivor_id, request.absorbed_id)
            if not await begin(act, request.merge_id, couple):
                return
            if isinstance(proofs, MergeRefusal):
                await self.outcomes.turn_away(act, event, couple, proofs)
            elif not await self.proofs.spend(act, proofs):
                await self.outcomes.turn_away(act, event, couple, MergeRefusal.GRANT_USED)
            else:
                try:
                    async with act.attempt():
                        await require_proven(tx, couple, proofs.versions)
                        await require_one_person(tx, couple)
                        await self.outcomes.merge(
                            act, request.merge_id, couple, asking=request.session_id
                        )
                except MergeImpossible as impossible:
                    await self.outcomes.reject(act, request.merge_id, couple, impossible.reason)


async def require_one_person(tx: Connection, couple: Couple) -> None:
    """Compare the records of both (MG-2). Raises MergeImpossible."""
    survivor, absorbed = couple.survivor.account.id, couple.absorbed.account.id
    if not same_holder(
        await enrolments.records(tx, survivor), await enrolments.records(tx, absorbed)
    ):
        raise MergeImpossible(MergeRefusal.PERSON_MISMATCH)
