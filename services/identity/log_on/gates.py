"""The gates between password and portal, taken or declined (LG-3, EN-9)."""

from dataclasses import dataclass

from services.identity.accounts import accounts
from services.identity.accounts.store import accounts as account_store
from services.identity.actions import Action
from services.identity.log_on.errors import (
    GateClosed,
    GateNotOffered,
    TermsDeclined,
    TermsRequired,
)
from services.identity.log_on.store import terms
from services.identity.sessions.model import SessionEnd
from services.identity.sessions.reach import OFFERS, GateName, Standing
from services.identity.sessions.sessions import Sessions
from services.identity.sessions.store import standings
from shared.acts import Act, Acts, By
from shared.trust.access import SessionCaller


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """Account and session are held through each answer: of several at once one is the first."""

    acts: Acts
    sessions: Sessions

    async def accept_terms(self, version: str, *, caller: SessionCaller, by: By) -> None:
        """Keep that the account's holder accepted this version, and when.

        That was the gate of each of her sessions: they do what they are for from the next refresh
        on. Raises TermsRequired where the version is not the current one, and GateClosed before
        the second step: who has the password alone accepts nothing in her name.
        """
        account_id = caller.account_id
        async with self.acts.begin(by, Action.ACCEPT_TERMS, account=account_id) as act:
            act.detail = version
            if (await self.hold(act, caller)).second_step_due:
                raise GateClosed
            if not await terms.accept(act.tx, account_id, version, now=act.now):
                raise TermsRequired
            await self.sessions.accept_terms_within(act, account_id)

    async def decline_terms(self, *, caller: SessionCaller, by: By) -> None:
        """End the session; the next log-on asks again. Always raises.

        TermsDeclined says that it was done; GateClosed that the terms were accepted before, or that
        the second step comes first.
        """
        account_id = caller.account_id
        async with self.acts.begin(by, Action.DECLINE_TERMS, account=account_id) as act:
            standing = await self.hold(act, caller)
            if standing.second_step_due or not standing.terms_due:
                raise GateClosed
            await self.sessions.end_within(
                act, account_id, why=SessionEnd.TERMS_DECLINED, only=caller.session_id
            )
            raise act.committing(TermsDeclined())

    async def skip(self, gate: GateName, *, caller: SessionCaller, by: By) -> None:
        """Pass by an offer: of two-step for good, of another one for as long as this session lives;
        the next log-on makes it again. Raises GateNotOffered for what is required or answered.
        """
        async with self.acts.begin(by, Action.SKIP_GATE, account=caller.account_id) as act:
            act.detail = gate
            if gate not in OFFERS:
                raise GateNotOffered
            await self.hold(act, caller)
            if gate is GateName.TWO_STEP:
                await account_store.answer_two_step(act.tx, caller.account_id)
            else:
                await standings.skip(act.tx, caller.session_id, gate)

    async def hold(self, act: Act, caller: SessionCaller) -> Standing:
        """Hold account and session. Raises AccessTokenInvalid where the session has ended since."""
        await accounts.hold(act.tx, caller.account_id, caller.session_id)
        return await standings.of_session(act.tx, caller.session_id)
