"""Proof of the other account: its name and password, given in a session of one's own (MG-1)."""

from dataclasses import dataclass
from datetime import timedelta

from services.identity.accounts.accounts import Accounts
from services.identity.accounts.names import masked
from services.identity.actions import Action
from services.identity.passwords.proofs import PasswordProofs
from services.identity.proving.errors import (
    MergeNeedsTwoStep,
    MergeProofFailed,
    MergeSameAccount,
)
from services.identity.proving.grants import IssuedGrant, ProofGrants
from services.identity.two_step.second_steps import SecondSteps
from services.identity.two_step.store import two_steps
from shared.acts import Acts, By
from shared.contracts.ids import AccountId, SessionId
from shared.trust.grants import GrantAct

LIFE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedAccount:
    """The other account as its holder knows it, for the page that asks her to confirm."""

    proof: IssuedGrant
    username: str  # masked
    practices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnershipProofs:
    acts: Acts
    accounts: Accounts
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
    ) -> OwnedAccount:
        """Prove the account of that name; opens no session. Counts on that account's own lock.

        `own_id` and `session_id` are the caller's; the grant is good in that session alone. Where
        that account has two-step on its code is needed as well, an app's or a recovery code.

        Raises MergeProofFailed for whatever may not be told, and only after the right password
        AccountMerged, MergeSameAccount, MergeNeedsTwoStep, CodeRequired and SecondStepFailed. That
        one's own account needs two-step first is said before a code is asked for, which says as
        much of the other account, and would be used up for nothing.
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
            other_id = decision.account.account_id
            if await two_steps.only_of(act.tx, other_id, not_of=own_id):
                raise act.committing(MergeNeedsTwoStep())
            await self.second_steps.require(act, other_id, offered)
            other = await self.accounts.view(act.tx, other_id)
        proof = await self.grants.issue(
            GrantAct.ACCOUNT_OWNED,
            decision.account,
            session_id=session_id,
            security_version=attempt.security_version,
            life=LIFE,
            now=by.now,
        )
        return OwnedAccount(
            proof=proof,
            username=masked(other.account.username),
            practices=tuple(each.practice_name for each in other.enrolments),
        )
