"""Re-authentication: the holder of a session proves again who she is, for one verb (SE-3, MF-8)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.identity.accounts import accounts
from services.identity.accounts.model import HeldAccount
from services.identity.actions import Action
from services.identity.passkeys.answers import Answers, Given
from services.identity.passkeys.model import Answered, Begun, Purpose
from services.identity.passwords.errors import PasswordUnacceptable
from services.identity.passwords.passwords import Passwords
from services.identity.passwords.proofs import PasswordProofs
from services.identity.proving.errors import ReauthenticationFailed
from services.identity.proving.grants import ProofGrants, ProofReply
from services.identity.two_step.second_steps import SecondSteps
from shared.acts import Act, Acts, By
from shared.trust.access import SessionCaller
from shared.trust.grants import GrantAct, Verb

LIFE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reauthentication:
    acts: Acts
    answers: Answers
    passwords: Passwords
    proofs: PasswordProofs
    second_steps: SecondSteps
    grants: ProofGrants

    async def ask(self, caller: SessionCaller, *, now: datetime) -> Begun:
        """Have one of the account's passkeys answer. Raises NoPasskeys."""
        return await self.answers.ask(
            Purpose.REAUTHENTICATE,
            account_id=caller.account_id,
            session_id=caller.session_id,
            now=now,
        )

    async def by_password(
        self,
        password: str,
        verb: Verb,
        *,
        code: str | None,
        passkey: Given | None,
        caller: SessionCaller,
        by: By,
    ) -> ProofReply:
        """Prove that who holds the session knows the password; counted like a log-on (LG-2).

        Where two-step is on a code is needed as well, of the app or a recovery code, or a passkey.
        It is looked at after a right password only, as at log-on. The grant is good in that session
        alone.

        Raises ReauthenticationFailed, alike for a wrong password and for a right one under a lock;
        CodeRequired, and SecondStepFailed alike for a wrong code and under its lock (MF-3). In a
        session that waits for its second step the fifth wrong code is SecondStepOver, as there.
        PasswordUnacceptable where two-step is to go off and this password may not stand alone.
        """
        account_id, session_id = caller.account_id, caller.session_id
        answered = await self._read(passkey, caller, by) if passkey else None
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
            if answered is not None:
                await self.second_steps.take_passkey(
                    act, account_id, answered, session_id=session_id
                )
            else:
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

    async def by_passkey(
        self, passkey: Given, verb: Verb, *, caller: SessionCaller, by: By
    ) -> ProofReply:
        """Prove the same by a passkey of the account, which is a whole re-authentication: no lock
        of the password is heeded, and none is counted on (MF-8).

        Raises CeremonyOver, PasskeyInvalid, and SecondStepOver as above.
        """
        account_id = caller.account_id
        answered = await self._read(passkey, caller, by)
        async with self.acts.begin(by, Action.REAUTHENTICATE, account=account_id) as act:
            act.detail = verb
            view = await accounts.hold(act.tx, account_id, caller.session_id)
            await self.second_steps.take_passkey(
                act, account_id, answered, session_id=caller.session_id
            )
        return await self.grants.issue(
            GrantAct.REAUTHENTICATED,
            HeldAccount(account_id=account_id, version=view.account.version),
            session_id=caller.session_id,
            security_version=view.account.security_version,
            life=LIFE,
            now=by.now,
            verb=verb,
            route="passkey",
        )

    async def _read(self, passkey: Given, caller: SessionCaller, by: By) -> Answered:
        async with self.acts.before(by, Action.REAUTHENTICATE, account=caller.account_id):
            return await self.answers.read(
                passkey,
                Purpose.REAUTHENTICATE,
                account_id=caller.account_id,
                session_id=caller.session_id,
                now=by.now,
            )

    def _require_alone(self, act: Act, password: str) -> None:
        """ID-3: looked at here, for this is where it is known. No code is used up."""
        try:
            self.passwords.require_alone(password, field="password")
        except PasswordUnacceptable as unacceptable:
            act.committing(unacceptable)
            raise
