"""The second step of a log-on or a reset: for a full session (MF-3, MF-8, LG-3, RC-10)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.identity.actions import Action
from services.identity.devices.arrivals import Arrivals
from services.identity.log_on.errors import GateClosed
from services.identity.log_on.gates import Gates
from services.identity.passkeys.answers import Answers, Given
from services.identity.passkeys.model import Answered, Begun, PasskeyId, Purpose
from services.identity.sessions.model import BegunBy, Described, ListedSession, SessionEnd
from services.identity.sessions.replies import SessionReply
from services.identity.sessions.sessions import Sessions
from services.identity.sessions.store import sessions, standings
from services.identity.two_step.errors import SecondStepFailed
from services.identity.two_step.model import Offered, Outcome
from services.identity.two_step.second_steps import SecondSteps, refusal_of, rule
from shared.acts import Act, Acts, By
from shared.contracts.reach import Service
from shared.trust.access import SessionCaller


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondStepGate:
    acts: Acts
    gates: Gates
    second_steps: SecondSteps
    answers: Answers
    sessions: Sessions
    arrivals: Arrivals

    async def ask(self, *, caller: SessionCaller, now: datetime) -> Begun:
        """Have one of the account's passkeys answer. Raises GateClosed, and NoPasskeys.

        One that a reset has suspended does in the session after it (RC-10).
        """
        async with self.acts.database.connection() as connection:
            standing = await standings.of_session(connection, caller.session_id)
            waiting = await sessions.find(connection, caller.session_id, now=now)
        if not standing.second_step_due:
            raise GateClosed
        return await self.answers.ask(
            Purpose.SECOND_STEP,
            account_id=caller.account_id,
            session_id=caller.session_id,
            suspended=_after_reset(waiting),
            now=now,
        )

    async def take(
        self,
        step: str | Given,
        *,
        trust: bool,
        device: str | None,
        described: Described,
        caller: SessionCaller,
        resource: Sequence[Service],
        by: By,
    ) -> SessionReply:
        """Open a full session for one that a password alone has begun, which ends with it.

        `step` is a code, or a passkey's answer. Whatever was handed out for that session opens
        nothing any more: who has seen its tokens has none of the other's. It lives no longer than
        that one had left to live. With `trust` no code is asked for where it begins for 30 days, if
        two-step is on for new devices only (MF-2).

        Raises SecondStepFailed alike for a wrong code and under a lock, PasskeyInvalid and
        CeremonyOver of a passkey, SecondStepOver for the fifth wrong one, and GateClosed where no
        second step is asked for.
        """
        account_id = caller.account_id
        async with self.acts.before(by, Action.TAKE_SECOND_STEP, account=account_id):
            offered = await self._look(step, caller, by.now)
        async with self.acts.begin(by, Action.TAKE_SECOND_STEP, account=account_id) as act:
            if not (await self.gates.hold(act, caller)).second_step_due:
                raise GateClosed
            waited = await sessions.find(act.tx, caller.session_id, now=act.now)
            begun_by, passkey_id = await self._take(act, offered, waited)
            await self.sessions.end_within(
                act, account_id, why=SessionEnd.SECOND_STEP, only=caller.session_id
            )
            opened = await self.arrivals.open(
                act,
                account_id,
                await self.arrivals.hold(act, account_id, device, began_on=waited.device_id),
                begun_by=[*waited.begun_by, begun_by],
                described=described.over(waited.described),
                second_step_taken=True,
                instead_of=waited.session,
                trust=trust,
                alerts=not _after_reset(waited),
                passkey_id=passkey_id,
            )
        return await self.sessions.sign(opened, resource=resource, now=by.now)

    async def _look(
        self, step: str | Given, caller: SessionCaller, now: datetime
    ) -> Offered | Answered:
        if isinstance(step, str):
            return await self.second_steps.look(caller.account_id, step)
        return await self.answers.read(
            step,
            Purpose.SECOND_STEP,
            account_id=caller.account_id,
            session_id=caller.session_id,
            now=now,
        )

    async def _take(
        self, act: Act, offered: Offered | Answered, waited: ListedSession
    ) -> tuple[BegunBy, PasskeyId | None]:
        account_id, session_id = waited.session.account_id, waited.session.id
        if isinstance(offered, Answered):
            passkey_id = await self.second_steps.take_passkey(
                act,
                account_id,
                offered,
                session_id=session_id,
                suspended=_after_reset(waited),
            )
            return BegunBy.PASSKEY, passkey_id
        outcome = await self.second_steps.take(act, account_id, offered, session_id=session_id)
        if outcome is not Outcome.PASSED:
            refusal = refusal_of(outcome) or SecondStepFailed(rule())
            raise act.committing(refusal, detail=outcome)
        return BegunBy(offered.means), None


def _after_reset(waiting: ListedSession) -> bool:
    """Whether a reset has begun it: its second step is RC-10's."""
    return BegunBy.PASSWORD_RESET in waiting.begun_by
