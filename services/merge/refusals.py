"""MG-6: whom a merge that merge itself refuses is told to, once both accounts are proven."""

from dataclasses import dataclass
from datetime import timedelta

from services.merge.parties import Proofs
from services.merge.store import accounts, told_refusals
from shared.acts import Act
from shared.clock import Clock
from shared.contracts.identity import MergeRefusal
from shared.contracts.merge import MERGE_REFUSED, MergeRefused
from shared.db import Database

KEPT = timedelta(hours=1)  # of grants that live ten minutes
SWEPT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    database: Database
    clock: Clock

    async def tell(self, act: Act, proofs: Proofs) -> None:
        """Mail that these two are not of one person: of two proofs once, however often they come.

        Every other refusal asks its reader to prove again or to wait: nothing to mail about.
        """
        if not await told_refusals.claim(
            act.tx,
            survivor_proof=proofs.survivor.jti,
            absorbed_proof=proofs.absorbed.jti,
            now=act.now,
        ):
            return
        survivor_id, absorbed_id = proofs.survivor.account_id, proofs.absorbed.account_id
        known = await accounts.find(act.tx, (survivor_id, absorbed_id))
        survivor, absorbed = known[survivor_id], known[absorbed_id]
        act.publish(
            MERGE_REFUSED,
            MergeRefused(
                account_id=survivor_id,
                recipients=(*survivor.recipients, *absorbed.recipients),
                locale=survivor.locale,
                time_zone=survivor.time_zone,
                occurred_at=act.now,
                absorbed_id=absorbed_id,
                absorbed_recipients=absorbed.recipients,
                reason=MergeRefusal.PERSON_MISMATCH,
            ),
            subject=survivor_id,
        )

    async def sweep(self) -> int:
        """Forget up to SWEPT pairs of proofs that nobody can send any more; return how many."""
        async with self.database.transaction() as tx:
            before = self.clock.now() - KEPT
            return await told_refusals.sweep(tx, before=before, limit=SWEPT)
