"""Proof of the other account: its name and password, given in a session of one's own (MG-1)."""

from dataclasses import dataclass
from datetime import timedelta

from services.identity.actions import Action
from services.identity.passwords.proofs import PasswordProofs
from services.identity.proving.errors import MergeProofFailed, MergeSameAccount
from services.identity.proving.grants import IssuedGrant, ProofGrants
from services.identity.two_step.second_steps import SecondSteps
from shared.acts import Acts, By
from shared.contracts.ids import AccountId, SessionId
from shared.trust.grants import GrantAct

LIFE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnershipProofs:
    acts: Acts
    proofs: PasswordProofs
    second_steps: SecondSteps
    grants: ProofGrants

    async def prove(
        self,
        own_id: AccountId,
        name: str,
        password: str,
        *,
        code: str | None,
        session_id: SessionId,
        by: By,
    ) -> IssuedGrant:
        """Prove the account of that name; opens no session. Counts on that account's own lock.

        `own_id` and `session_id` are the caller's; the grant is good in that session alone. Where
        that account has two-step on its code is needed as well.

        Raises MergeProofFailed for whatever may not be told, and only after the right password
        AccountMerged, MergeSameAccount, CodeRequired and SecondStepFailed.
        """
        attempt = await self.proofs.by_name(name, password)
        offered = await self.second_steps.look(attempt.account_id, code)
        async with self.acts.begin(by, Action.PROVE_OWNERSHIP, account=attempt.account_id) as act:
            decision = await self.proofs.decide(act, attempt)
            if decision.account is None:
                failed = self.proofs.refusal(decision, MergeProofFailed)
                raise act.committing(failed, detail=decision.refusal)
            if decision.account.account_id == own_id:
                raise act.committing(MergeSameAccount())
            await self.second_steps.require(act, decision.account.account_id, offered)
        return await self.grants.issue(
            GrantAct.ACCOUNT_OWNED,
            decision.account,
            session_id=session_id,
            security_version=attempt.security_version,
            life=LIFE,
            now=by.now,
        )
