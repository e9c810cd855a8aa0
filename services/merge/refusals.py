"""MG-6: whom a merge that merge itself refuses is told to, once both accounts are proven."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.merge.errors import MergePersonMismatch
from services.merge.parties import Proofs
from services.merge.store import accounts, told_refusals
from shared.audit import Audit, Origin
from shared.clock import Clock
from shared.contracts.identity import MergeRefusal
from shared.contracts.merge import MERGE_REFUSED, MergeRefused
from shared.db import Connection, Database
from shared.errors import Refused
from shared.messaging.outbox import Outbox

ACTION = "merge.request"
KEPT = timedelta(hours=1)  # of grants that live ten minutes
SWEPT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    database: Database
    clock: Clock
    audit: Audit
    outbox: Outbox

    async def tell(
        self, tx: Connection, proofs: Proofs, refusal: Refused, *, origin: Origin, now: datetime
    ) -> None:
        """Let it stand in the absorbed account's history as well, and mail what is for good.

        Every other refusal asks its reader to prove again or to wait: nothing to mail about. Of two
        proofs it is mailed once, however often they are sent.
        """
        await self.audit.record(
            tx,
            origin,
            action=ACTION,
            outcome="refused",
            subject=f"account:{proofs.absorbed.account_id}",
            detail=refusal.cause,
        )
        if isinstance(refusal, MergePersonMismatch) and await told_refusals.claim(
            tx, survivor_proof=proofs.survivor.jti, absorbed_proof=proofs.absorbed.jti, now=now
        ):
            await self._mail(tx, proofs, origin, now)

    async def sweep(self) -> int:
        """Forget up to SWEPT pairs of proofs that nobody can send any more."""
        async with self.database.transaction() as tx:
            before = self.clock.now() - KEPT
            return await told_refusals.sweep(tx, before=before, limit=SWEPT) // SWEPT

    async def _mail(self, tx: Connection, proofs: Proofs, origin: Origin, now: datetime) -> None:
        survivor_id, absorbed_id = proofs.survivor.account_id, proofs.absorbed.account_id
        known = await accounts.find(tx, (survivor_id, absorbed_id))
        survivor, absorbed = known[survivor_id], known[absorbed_id]
        await self.outbox.add(
            tx,
            MERGE_REFUSED,
            MergeRefused(
                account_id=survivor_id,
                recipients=(*survivor.recipients, *absorbed.recipients),
                locale=survivor.locale,
                time_zone=survivor.time_zone,
                occurred_at=now,
                absorbed_id=absorbed_id,
                absorbed_recipients=absorbed.recipients,
                reason=MergeRefusal.PERSON_MISMATCH,
            ),
            subject=survivor_id,
            origin=origin,
        )
