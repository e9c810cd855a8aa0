"""Proof of the other account in a session of one's own: by its name and password, or by one of its
passkeys (MG-1).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.identity.accounts import accounts
from services.identity.accounts.model import AccountView, HeldAccount
from services.identity.actions import Action
from services.identity.passkeys.answers import Answers, Given
from services.identity.passkeys.model import Begun, Purpose
from services.identity.passwords.proofs import PasswordProofs
from services.identity.proving.errors import (
    MergeNeedsTwoStep,
    MergeProofFailed,
    MergeSameAccount,
)
from services.identity.proving.grants import ProofGrants
from services.identity.two_step.second_steps import SecondSteps
from services.identity.two_step.store import two_steps
from shared.acts import Act, Acts, By
from shared.contracts.ids import AccountId, SessionId
from shared.contracts.log_on_names import masked
from shared.http.routes import Reply
from shared.trust.grants import GrantAct

LIFE = timedelta(minutes=10)


class OwnershipReply(Reply, frozen=True, kw_only=True):
    """`grant` is carried to merge; `username` is the other account's, masked, and `practices` are
    the names of its practices, for the page that asks to confirm.
    """

    grant: str
    expires_in: int
    username: str
    practices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnershipProofs:
    acts: Acts
    answers: Answers
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
    ) -> OwnershipReply:
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
            other = await self._other(act, decision.account.account_id, own_id)
            await self.second_steps.require(act, other.account.id, offered)
        return await self._owned(other, decision.account, attempt.security_version, session_id, by)

    def ask(self, own_id: AccountId, *, session_id: SessionId, now: datetime) -> Begun:
        """Have a passkey of the other account answer, whichever that is: in the caller's session,
        so that who has caught the answer merges nothing into an account of her own.
        """
        return self.answers.ceremonies.ask(
            Purpose.OWN, account_id=own_id, session_id=session_id, now=now
        )

    async def prove_by_passkey(
        self, own_id: AccountId, passkey: Given, *, session_id: SessionId, by: By
    ) -> OwnershipReply:
        """Prove the account that a passkey is of, which is a whole proof (MF-8).

        Raises CeremonyOver; PasskeyInvalid for whatever may not be told, and only after a right
        answer AccountMerged, MergeSameAccount and MergeNeedsTwoStep.
        """
        async with self.acts.before(by, Action.PROVE_OWNERSHIP):
            answered = await self.answers.read(
                passkey, Purpose.OWN, account_id=own_id, session_id=session_id, now=by.now
            )
        async with self.acts.begin(by, Action.PROVE_OWNERSHIP, account=answered.account_id) as act:
            verdict = await self.answers.take(act, answered, handle_needed=True)
            if verdict.passkey_id is None or verdict.account_id is None:
                refusal = await self.answers.refusal(act, verdict)
                raise act.committing(refusal, detail=verdict.cause)
            other = await self._other(act, verdict.account_id, own_id)
        account = other.account
        held = HeldAccount(account_id=account.id, version=account.version)
        return await self._owned(
            other, held, account.security_version, session_id, by, route="passkey"
        )

    async def _other(self, act: Act, other_id: AccountId, own_id: AccountId) -> AccountView:
        if other_id == own_id:
            raise act.committing(MergeSameAccount())
        if await two_steps.only_of(act.tx, other_id, not_of=own_id):
            raise act.committing(MergeNeedsTwoStep())
        return await accounts.view(act.tx, other_id)

    async def _owned(
        self,
        other: AccountView,
        held: HeldAccount,
        security_version: int,
        session_id: SessionId,
        by: By,
        route: str = "password",
    ) -> OwnershipReply:
        proof = await self.grants.issue(
            GrantAct.ACCOUNT_OWNED,
            held,
            session_id=session_id,
            security_version=security_version,
            life=LIFE,
            now=by.now,
            route=route,
        )
        return OwnershipReply(
            grant=proof.grant,
            expires_in=proof.expires_in,
            username=masked(other.account.username),
            practices=tuple(each.practice_name for each in other.enrolments),
        )
