"""Re-authentication: the holder of a session gives the password again, for one verb (SE-3)."""

from dataclasses import dataclass
from datetime import timedelta

from services.identity.actions import Action
from services.identity.passwords.errors import PasswordUnacceptable
from services.identity.passwords.passwords import Passwords
from services.identity.passwords.proofs import PasswordProofs
from services.identity.proving.errors import ReauthenticationFailed
from services.identity.proving.grants import IssuedGrant, ProofGrants
from services.identity.two_step.second_steps import SecondSteps
from shared.acts import Act, Acts, By
from shared.contracts.ids import AccountId, SessionId
from shared.trust.grants import GrantAct, Verb

LIFE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reauthentication:
    acts: Acts
    passwords: Passwords
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
        CodeRequired, and SecondStepFailed alike for a wrong code and under its lock (MF-3). In a
        session that waits for its second step the fifth wrong code is SecondStepOver, as there.
        PasswordUnacceptable where two-step is to go off and this password may not stand alone.
        """
        attempt = await self.proofs.by_account(account_id, password)
        offered = await self.second_steps.look(account_id, code)
        async with self.acts.begin(by, Action.REAUTHENTICATE, account=account_id) as act:
            act.detail = verb
            decision = await self.proofs.decide(act, attempt)
            if decision.account is None:
                failed = ReauthenticationFailed(self.proofs.rule())
                raise act.committing(failed, detail=decision.refusal)
            if verb is Verb.TWO_STEP_OFF:
                self._require_alone(act, password)
            await self.second_steps.require(act, account_id, offered, session_id=session_id)
        return await self.grants.issue(
            GrantAct.REAUTHENTICATED,
            decision.account,
            session_id=session_id,
            security_version=attempt.security_version,
            life=LIFE,
            now=by.now,
            verb=verb,
        )

    def _require_alone(self, act: Act, password: str) -> None:
        """ID-3: looked at here, for this is where it is known. No code is used up."""
        try:
            self.passwords.require_alone(password, field="password")
        except PasswordUnacceptable as unacceptable:
            act.committing(unacceptable)
            raise
