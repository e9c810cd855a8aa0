"""Five questions were set at recovery: heard by its receipt or its event, told once (RC-8)."""

from dataclasses import dataclass

from services.identity.accounts import accounts
from services.identity.accounts.store import accounts as account_store
from services.identity.accounts.tellings import CredentialTellings
from services.identity.actions import Action
from services.identity.questions.store import questions as store
from services.identity.sessions.sessions import Sessions
from shared.acts import Act, Acts, By
from shared.clock import Clock
from shared.contracts.envelope import Received
from shared.contracts.identity import SECURITY_QUESTIONS_CHANGED
from shared.contracts.ids import AccountId
from shared.contracts.recovery import RecoveryLocked, SecurityQuestionsSet
from shared.db import Connection
from shared.messaging.subscriptions import origin_of
from shared.trust.grants import GrantAct, GrantChecker, GrantWrongAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionHearing:
    acts: Acts
    clock: Clock
    grants: GrantChecker
    tellings: CredentialTellings
    sessions: Sessions

    async def bring(self, receipt: str, *, account_id: AccountId, by: By) -> None:
        """Take recovery's receipt: with the first five the gate is open in every session (LG-3).

        What was heard before, by the event, is done already.
        """
        async with self.acts.before(by, Action.HEAR_QUESTIONS, account=account_id):
            found = await self.grants.check(receipt, act=GrantAct.QUESTIONS_SET, now=by.now)
            if found.account_id != account_id:
                raise GrantWrongAccount
        await self.tellings.ready()
        async with self.acts.begin(by, Action.HEAR_QUESTIONS, account=account_id) as act:
            if not await self._hear(act, account_id, found.jti, found.account_version):
                act.repeated()

    async def hear(self, tx: Connection, event: Received[SecurityQuestionsSet]) -> None:
        """Hear it from the bus, where nobody brought the receipt."""
        said, by = event.data, By(origin=origin_of(event), now=self.clock.now())
        async with self.acts.within(tx, by, cause=event.id) as act:
            if await self._hear(act, said.account_id, str(said.set_id), said.account_version):
                act.record(Action.HEAR_QUESTIONS, account=said.account_id)

    async def hear_of_lock(self, tx: Connection, event: Received[RecoveryLocked]) -> None:
        """Have the holder's next full log-on told, where her questions are closed until then: at
        once, where she has logged on while this was on its way.
        """
        said, by = event.data, By(origin=origin_of(event), now=self.clock.now())
        if said.closing is None:
            return
        async with self.acts.within(tx, by, cause=event.id) as act:
            if await store.close(tx, said.account_id, said.closing, closed_at=said.occurred_at):
                await accounts.announce(act, said.account_id)

    async def _hear(
        self, act: Act, account_id: AccountId, set_id: str, account_version: int
    ) -> bool:
        """Note a set and tell the holder, once a set. False: it is known, or void by a freeze."""
        await account_store.hold(act.tx, account_id)
        if not await self.grants.spend_once(
            act.tx, issuer=self._recovery, jti=set_id, act=GrantAct.QUESTIONS_SET, now=act.now
        ):
            return False
        first = await store.note(act.tx, account_id, account_version=account_version)
        if first is None:
            return False
        view = await accounts.view(act.tx, account_id)
        if first:  # tokens say that the gate is closed: whoever brings one refreshes
            await self.sessions.narrow_within(act, account_id)
        await self.tellings.tell(act, view, SECURITY_QUESTIONS_CHANGED)
        return True

    @property
    def _recovery(self) -> str:
        return f"{self.grants.issuer}/recovery"
