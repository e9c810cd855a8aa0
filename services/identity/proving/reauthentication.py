"""Re-authentication: the holder of a session gives the password again, for one verb (SE-3)."""

from dataclasses import dataclass
from datetime import timedelta

from services.identity.actions import Action
from services.identity.passwords.proofs import PasswordProofs
from services.identity.proving.errors import ReauthenticationFailed
from services.identity.proving.grants import IssuedGrant, ProofGrants
from shared.acts import Acts, By
from shared.contracts.ids import AccountId, SessionId
from shared.trust.grants import GrantAct, Verb

LIFE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reauthentication:
    acts: Acts
    proofs: PasswordProofs
    grants: ProofGrants

    async def reauthenticate(
        self,
        account_id: AccountId,
        password: str,
        verb: Verb,
        *,
        session_id: SessionId,
        by: By,
    ) -> IssuedGrant:
        """Prove that who holds the session knows the password; counted like a log-on (LG-2).

        The grant is good in that session alone.

        Raises ReauthenticationFailed, alike for a wrong password and for a right one under a lock.
        """
        attempt = await self.proofs.by_account(account_id, password)
        async with self.acts.begin(by, Action.REAUTHENTICATE, account=account_id) as act:
            act.detail = verb
            decision = await self.proofs.decide(act, attempt)
            if decision.account is None:
                failed = ReauthenticationFailed(self.proofs.rule())
                raise act.committing(failed, detail=decision.refusal)
        return await self.grants.issue(
            GrantAct.REAUTHENTICATED,
            decision.account,
            session_id=session_id,
            security_version=attempt.security_version,
            life=LIFE,
            now=by.now,
            verb=verb,
        )
