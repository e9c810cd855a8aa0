"""The second step: a code is looked at, counted, and taken once (MF-3).

Log-on, re-authentication and whatever else asks for a code go through here, so that all guesses at
one account are counted together.
"""

from dataclasses import dataclass

from services.identity.accounts import accounts
from services.identity.accounts.store import held_sessions, log_ons
from services.identity.accounts.tellings import tell
from services.identity.actions import Action
from services.identity.passkeys.answers import Answers
from services.identity.passkeys.errors import PasskeyInvalid
from services.identity.passkeys.model import Answered, PasskeyId
from services.identity.passwords.lockouts import NOBODY
from services.identity.sessions.model import SessionEnd
from services.identity.sessions.sessions import Sessions
from services.identity.sessions.store import standings
from services.identity.two_step.authenticator import Authenticator, looks_like_one
from services.identity.two_step.errors import CodeRequired, SecondStepFailed, SecondStepOver
from services.identity.two_step.model import (
    LOCK_LASTS,
    NOTICES,
    TOLD_AT,
    WRONG,
    WRONG_A_SESSION,
    Offered,
    Outcome,
    TwoStep,
)
from services.identity.two_step.recovery_codes import RecoveryCodes
from services.identity.two_step.store import recovery_codes as codes_store
from services.identity.two_step.store import two_steps as store
from shared import limits
from shared.acts import Act
from shared.contracts.identity import RECOVERY_CODES_LOW, SECOND_STEP_LOCKED
from shared.contracts.ids import AccountId, SessionId
from shared.db import Database
from shared.errors import Refused, Violation
from shared.http.source_budget import SourceBudget


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondSteps:
    database: Database
    authenticator: Authenticator
    recovery_codes: RecoveryCodes
    answers: Answers
    sessions: Sessions
    budget: SourceBudget

    async def look(self, account_id: AccountId | None, typed: str | None) -> Offered:
        """Do the slow work of a code, before the transaction that decides.

        Only what could be a recovery code is hashed, which whoever typed it knows; and alike for
        every account, and for nobody's: the time tells of none whether it has two-step on.
        """
        if typed is None or looks_like_one(typed):
            return Offered(typed=typed, recovery_hash=None)
        async with self.database.connection() as connection:
            found = await store.find(connection, account_id or NOBODY)
        salt = found.codes_salt if found else None
        return Offered(typed=typed, recovery_hash=await self.recovery_codes.hash(typed, salt))

    async def take(
        self,
        act: Act,
        account_id: AccountId,
        offered: Offered,
        *,
        session_id: SessionId | None = None,
    ) -> Outcome:
        """Take the code, or count it as wrong; `session_id` is where it was given.

        The account is held: parallel codes of one account are looked at one after the other, and
        as many are told as there may be. Under the lock nothing is used up and nothing counted, so
        further tries neither shorten nor lengthen it. So is its session: none is told that is over.

        Raises AccessTokenInvalid.
        """
        if session_id is not None:
            await held_sessions.hold(act.tx, session_id)
        outcome = await self.judge(act, account_id, offered)
        return await self.count(act, account_id, outcome, session_id=session_id)

    async def judge(self, act: Act, account_id: AccountId, offered: Offered) -> Outcome:
        """Use the code up where it is right, and count nothing.

        In an attempt of its own a right one is given back with the rest; then `count` outside.
        """
        found = await store.find(act.tx, account_id)
        if found is None or not found.on:
            return Outcome.OFF
        if offered.typed is None:
            return Outcome.MISSING
        if found.is_locked(act.now):
            return Outcome.LOCKED
        if await self.budget.used_up(act.tx, act.origin.source):
            return Outcome.KEPT_BACK
        if await self._use(act, found, offered):
            return Outcome.PASSED
        return Outcome.WRONG

    async def count(
        self,
        act: Act,
        account_id: AccountId,
        outcome: Outcome,
        *,
        session_id: SessionId | None = None,
    ) -> Outcome:
        """Count what was judged wrong: the tenth of the account in 15 minutes locks, and the fifth
        in a session that waits for a code ends it, whatever the codes were given for (MF-3).
        """
        if outcome is not Outcome.WRONG:
            return outcome
        await self._count(act, account_id)
        if session_id is not None and await self._over(act, account_id, session_id):
            return Outcome.OVER
        return outcome

    async def take_passkey(
        self,
        act: Act,
        account_id: AccountId,
        answered: Answered,
        *,
        session_id: SessionId,
        suspended: bool = False,
    ) -> PasskeyId:
        """Take a passkey's answer where a code is asked for; it heeds no lock, and is one of the
        five that end a session which waits for it, never of the ten that lock (MF-8).

        The account is held. Raises AccessTokenInvalid, CeremonyOver, PasskeyInvalid and
        SecondStepOver.
        """
        await held_sessions.hold(act.tx, session_id)
        verdict = await self.answers.take(act, answered, of=account_id, suspended=suspended)
        if verdict.passkey_id is not None:
            return verdict.passkey_id
        if await self._over(act, account_id, session_id):
            raise act.committing(SecondStepOver(), detail=Outcome.OVER)
        raise act.committing(PasskeyInvalid(), detail=verdict.cause)

    async def _over(self, act: Act, account_id: AccountId, session_id: SessionId) -> bool:
        """Count what was refused in a session that waits for its second step; the fifth ends it,
        and the next log-on tells of three (SE-2).
        """
        wrong = await standings.count_wrong_code(act.tx, session_id)
        await log_ons.note_failures(act.tx, account_id, min(wrong, 1))
        if wrong < WRONG_A_SESSION:
            return False
        await self.sessions.end_within(
            act, account_id, why=SessionEnd.SECOND_STEP_FAILED, only=session_id
        )
        return True

    async def require(
        self,
        act: Act,
        account_id: AccountId,
        offered: Offered,
        *,
        session_id: SessionId | None = None,
    ) -> None:
        """Take the code where two-step is on, for who has just given the password.

        Raises CodeRequired, SecondStepFailed alike for a wrong code and under a lock, and
        SecondStepOver where the session has ended with it.
        """
        outcome = await self.take(act, account_id, offered, session_id=session_id)
        if refusal := refusal_of(outcome):
            raise act.committing(refusal, detail=None if outcome is Outcome.MISSING else outcome)

    async def _use(self, act: Act, found: TwoStep, offered: Offered) -> bool:
        if offered.recovery_hash is not None:
            return await self._use_recovery_code(act, found, offered.recovery_hash)
        if offered.typed is None or found.app_sealed is None or not looks_like_one(offered.typed):
            return False
        step = self.authenticator.step_of(
            found.app_sealed, found.account_id, offered.typed, act.now
        )
        return step is not None and await store.take_step(
            act.tx, found.account_id, step, now=act.now
        )

    async def _use_recovery_code(self, act: Act, found: TwoStep, code_hash: str) -> bool:
        """MF-4: its holder is told once three are left."""
        if not await codes_store.use(act.tx, found.account_id, code_hash, now=act.now):
            return False
        if found.codes_left - 1 == TOLD_AT:
            view = await accounts.view(act.tx, found.account_id)
            tell(act, view, RECOVERY_CODES_LOW)
        return True

    async def _count(self, act: Act, account_id: AccountId) -> None:
        """Lock with the tenth; told at most three times a day, like LG-2's."""
        key = account_id.bytes
        await limits.take(act.tx, WRONG, [key], now=act.now)
        if not await limits.wait(act.tx, WRONG, key, now=act.now):
            return
        until = act.now + LOCK_LASTS
        await store.lock(act.tx, account_id, until=until)
        act.record(Action.LOCK_SECOND_STEP, account=account_id)
        [notice] = (await limits.take(act.tx, NOTICES, [key], now=act.now)).values()
        if notice.granted:
            view = await accounts.view(act.tx, account_id)
            tell(act, view, SECOND_STEP_LOCKED, locked_until=until)


def refusal_of(outcome: Outcome) -> Refused | None:
    """Why the password alone is not enough; None where it is, or the code was taken."""
    if outcome in (Outcome.OFF, Outcome.PASSED):
        return None
    if outcome is Outcome.MISSING:
        return CodeRequired()
    return SecondStepOver() if outcome is Outcome.OVER else SecondStepFailed(rule())


def rule() -> Violation:
    """MF-3: every refusal states the rule, so that it tells nothing."""
    [(most, window)] = WRONG.windows
    params = {
        "a_session": WRONG_A_SESSION,
        "failures": most,
        "within": int(window.total_seconds() // 60),
        "minutes": int(LOCK_LASTS.total_seconds() // 60),
    }
    return Violation(
        field="code",
        code="code_rule",
        detail=(
            f"{params['a_session']} wrong codes end a log-on; {params['failures']} within "
            f"{params['within']} minutes lock the second step for {params['minutes']} minutes; "
            "until then every code gets this same reply"
        ),
        params=params,
    )
