"""Re-authentication: the holder of a session gives the password again, for one verb (SE-3)."""

from dataclasses import dataclass
from datetime import timedelta

from services.identity.actions import Action
from services.identity.passwords.proofs import PasswordProofs
from services.identity.proving.errors import ReauthenticationFailed
from services.identity.proving.grants import IssuedGrant, ProofGrants
from services.identity.two_step.second_steps import SecondSteps
from shared.acts import Acts, By
from shared.contracts.ids import AccountId, SessionId
from shared.trust.grants import GrantAct, Verb

LIFE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reauthentication:
    acts: Acts
    proofs: PasswordProofs
    second_steps: SecondSteps
    grants: ProofGrants

    async def reauthenticate(
        self,
        account_id: AccountId,
        password: str,
        verb: Verb,
        *,
        code: str | None,
        session_id: SessionId,
        by: By,
    ) -> IssuedGrant:
        """Prove that who holds the session knows the password; counted like a log-on (LG-2).

        Where two-step is on a code is needed as well, of the app or a recovery code. It is looked
        at after a right password only, as at log-on. The grant is good in that session alone.

        Raises ReauthenticationFailed, alike for a wrong password and for a right one under a lock;
        CodeRequired, and SecondStepFailed alike for a wrong code and under its lock (MF-3).
        """
        attempt = await self.proofs.by_account(account_id, password)
        offered = await self.second_steps.look(account_id, code)
        async with self.acts.begin(by, Action.REAUTHENTICATE, account=account_id) as act:
            act.detail = verb
            decision = await self.proofs.decide(act, attempt)
            if decision.account is None:
                failed = ReauthenticationFailed(self.proofs.rule())
                raise act.committing(failed, detail=decision.refusal)
            await self.second_steps.require(act, account_id, offered)
        return await self.grants.issue(
            GrantAct.REAUTHENTICATED,
            decision.account,
            session_id=session_id,
            security_version=attempt.security_version,
            life=LIFE,
            now=by.now,
            verb=verb,
        )
