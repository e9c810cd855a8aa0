"""The second step of a log-on or a reset: a code for a full session (MF-3, LG-3, RC-10)."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.identity.actions import Action
from services.identity.devices.arrivals import Arrivals
from services.identity.log_on.errors import GateClosed
from services.identity.log_on.gates import Gates
from services.identity.sessions.model import BegunBy, Described, SessionEnd
from services.identity.sessions.sessions import Sessions, SessionTokens
from services.identity.sessions.store import sessions
from services.identity.two_step.errors import SecondStepFailed
from services.identity.two_step.model import Outcome
from services.identity.two_step.second_steps import SecondSteps, refusal_of, rule
from shared.acts import Acts, By
from shared.contracts.reach import Service
from shared.trust.access import SessionCaller


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondStepGate:
    acts: Acts
    gates: Gates
    second_steps: SecondSteps
    sessions: Sessions
    arrivals: Arrivals

    async def take(
        self,
        code: str,
        *,
        trust: bool,
        device: str | None,
        described: Described,
        caller: SessionCaller,
        resource: Sequence[Service],
        by: By,
    ) -> SessionTokens:
        """Open a full session for one that a password alone has begun, which ends with it.

        Whatever was handed out for that one opens nothing any more: who has seen its tokens has
        none of the other's. It lives no longer than that one had left to live. With `trust` no code
        is asked for where it begins for 30 days, if two-step is on for new devices only (MF-2).

        Raises SecondStepFailed alike for a wrong code and under a lock, SecondStepOver for the
        fifth wrong one, and GateClosed where no code is asked for.
        """
        account_id = caller.account_id
        offered = await self.second_steps.look(account_id, code)
        async with self.acts.begin(by, Action.TAKE_SECOND_STEP, account=account_id) as act:
            if not (await self.gates.hold(act, caller)).second_step_due:
                raise GateClosed
            outcome = await self.second_steps.take(
                act, account_id, offered, session_id=caller.session_id
            )
            if outcome is not Outcome.PASSED:
                refusal = refusal_of(outcome) or SecondStepFailed(rule())
                raise act.committing(refusal, detail=outcome)
            await self.sessions.end_within(
                act, account_id, why=SessionEnd.SECOND_STEP, only=caller.session_id
            )
            waited = await sessions.find(act.tx, caller.session_id, now=act.now)
            opened = await self.arrivals.open(
                act,
                account_id,
                await self.arrivals.hold(act, account_id, device, began_on=waited.device_id),
                begun_by=[*waited.begun_by, BegunBy(offered.means)],
                described=described.over(waited.described),
                second_step_taken=True,
                instead_of=waited.session,
                failures=waited.failures,
                trust=trust,
            )
        return await self.sessions.sign(opened, resource=resource, now=by.now)
