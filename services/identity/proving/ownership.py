"""Proof of the other account: its name and password, given in a session of one's own (MG-1)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.identity.passwords.proofs import PasswordProofs, account_merged
from services.identity.proving.errors import MergeProofFailed, MergeSameAccount
from services.identity.proving.grants import Proof, ProofGrants
from shared.audit import Origin
from shared.contracts.ids import AccountId, SessionId
from shared.grants import Act
from shared.transactions import Transactions

ACTION = "account.prove-ownership"
LIFE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnershipProofs:
    transactions: Transactions
    proofs: PasswordProofs
    grants: ProofGrants

    async def prove(
        self,
        own_id: AccountId,
        name: str,
        password: str,
        *,
        session_id: SessionId,
        origin: Origin,
        now: datetime,
    ) -> Proof:
        """Prove the account of that name; opens no session. Counts on that account's own lock.

        `own_id` and `session_id` are the caller's; the grant is good in that session alone.

        Raises MergeProofFailed for whatever may not be told, and only after the right password
        AccountMerged and MergeSameAccount.
        """
        attempt = await self.proofs.by_name(name, password)
        async with self.transactions.database.transaction() as tx:
            decision = await self.proofs.decide(tx, attempt, source=origin.source, now=now)
            refusal = decision.refusal
            if decision.holder is not None and decision.holder.account_id == own_id:
                refusal = "merge_same_account"
            account_id = attempt.account_id
            await self.transactions.audit.record(
                tx,
                origin,
                action=ACTION,
                outcome="refused" if refusal else "done",
                subject=f"account:{account_id}" if account_id else None,
                detail=refusal,
            )
        if decision.survivor is not None:
            raise account_merged(decision.survivor)
        if decision.holder is None:
            raise MergeProofFailed(self.proofs.rule())
        if decision.holder.account_id == own_id:
            raise MergeSameAccount
        return await self.grants.issue(
            Act.ACCOUNT_OWNED,
            decision.holder,
            session_id=session_id,
            security_version=attempt.security_version,
            life=LIFE,
            now=now,
        )
