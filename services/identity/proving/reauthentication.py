"""Re-authentication: the holder of a session gives the password again, for one verb (SE-3)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.identity.passwords.proofs import PasswordProofs
from services.identity.proving.errors import ReauthenticationFailed
from services.identity.proving.grants import Proof, ProofGrants
from shared.audit import Origin
from shared.contracts.ids import AccountId, SessionId
from shared.grants import Act, Verb
from shared.transactions import Transactions

ACTION = "account.reauthenticate"
LIFE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reauthentication:
    transactions: Transactions
    proofs: PasswordProofs
    grants: ProofGrants

    async def reauthenticate(
        self,
        account_id: AccountId,
        password: str,
        verb: Verb,
        *,
        session_id: SessionId,
        origin: Origin,
        now: datetime,
    ) -> Proof:
        """Prove that who holds the session knows the password; counted like a log-on (LG-2).

        The grant is good in that session alone.

        Raises ReauthenticationFailed, alike for a wrong password and for a right one under a lock.
        """
        attempt = await self.proofs.by_account(account_id, password)
        async with self.transactions.database.transaction() as tx:
            decision = await self.proofs.decide(tx, attempt, source=origin.source, now=now)
            await self.transactions.audit.record(
                tx,
                origin,
                action=ACTION,
                outcome="done" if decision.holder else "refused",
                subject=f"account:{account_id}",
                detail=decision.refusal or verb,
            )
        if decision.holder is None:
            raise ReauthenticationFailed(self.proofs.rule())
        return await self.grants.issue(
            Act.REAUTHENTICATED,
            decision.holder,
            session_id=session_id,
            security_version=attempt.security_version,
            life=LIFE,
            now=now,
            verb=verb,
        )
