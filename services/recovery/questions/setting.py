"""Setting the five questions: the first, or others in their place (RC-8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.recovery.actions import Action
from services.recovery.projections.store import accounts
from services.recovery.questions.answers import Chosen, judge, normalised
from services.recovery.questions.errors import QuestionsUnacceptable, ReauthenticationRequired
from services.recovery.questions.model import Holder, NewSet
from services.recovery.questions.store import questions as store
from shared.acts import Acts, By
from shared.catching_up import caught_up
from shared.contracts.ids import AccountId
from shared.contracts.recovery import SECURITY_QUESTIONS_SET, SecurityQuestionsSet
from shared.http.routes import Reply
from shared.randomness import Randomness
from shared.trust.access import AccessTokenInvalid, SessionCaller, SessionGuard
from shared.trust.grants import Grant, GrantAct, GrantChecker, GrantIssuer, Verb
from shared.trust.hashing import PasswordHasher

FRESH = timedelta(minutes=10)
"""SE-3: so long after its `auth_time` a token vouches for its holder in what comes first."""
RECEIPT = timedelta(minutes=10)


class QuestionsReceipt(Reply, frozen=True, kw_only=True):
    """For identity's `hear_questions`, so that it knows at once; `expires_in` is in seconds."""

    receipt: str
    expires_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionSetting:
    acts: Acts
    randomness: Randomness
    grants: GrantChecker
    hasher: PasswordHasher
    issuer: GrantIssuer
    sessions: SessionGuard
    redeemer: str  # identity's `iss`: the one audience of receipts

    async def set(
        self,
        chosen: Sequence[Chosen],
        *,
        caller: SessionCaller,
        reauthenticated: str | None,
        by: By,
    ) -> QuestionsReceipt:
        """Keep these five; what was answered before opens nothing any more.

        Answers are a way in, so a token is not enough, which may be a stolen one: `reauthenticated`
        says that the password was given again (SE-3), or for the first five it was within ten
        minutes. Identity hears of it by the receipt or by the event, whichever comes first. Five
        slow hashes take seconds, in which the session may have ended: it is looked at again (SE-1).
        """
        account_id, version = caller.account_id, caller.account_version
        await self._arrived(account_id, version)
        async with self.acts.before(by, Action.SET_QUESTIONS, account=account_id):
            grant = await self._confirmed(reauthenticated, caller, by.now)
            holder = await self._look(caller)
            wrong = judge(chosen, username=holder.username)
            if wrong:
                raise QuestionsUnacceptable(*wrong)
        answers = [await self.hasher.hash(normalised(each.answer) or "") for each in chosen]
        new = NewSet(
            set_id=self.randomness.uuid(),
            account_id=account_id,
            codes=[each.code for each in chosen],
            answers=answers,
            account_version=version,
        )
        async with self.acts.begin(by, Action.SET_QUESTIONS, account=account_id) as act:
            held = await store.hold_holder(act.tx, account_id, account_version=version)
            if held is None:
                raise AccessTokenInvalid
            await self.sessions.check(caller, now=act.now)
            if grant is not None:
                await self.grants.spend(act.tx, grant, now=act.now)
            if not await store.replace(
                act.tx,
                new,
                confirmed=grant is not None,
                frozen_in=held.frozen_in,
                now=act.now,
            ):
                raise ReauthenticationRequired
            act.publish(
                SECURITY_QUESTIONS_SET,
                SecurityQuestionsSet(
                    account_id=account_id, set_id=new.set_id, account_version=version
                ),
                subject=account_id,
            )
        return await self._receipt(new, held, now=by.now)

    async def _arrived(self, account_id: AccountId, version: int) -> None:
        """Wait up to 1 s until the account is known as who signed the token knew it. Raises
        CatchingUp.
        """

        async def is_known() -> bool:
            async with self.acts.database.connection() as connection:
                return await accounts.version_of(connection, account_id) >= version

        await caught_up(is_known, "a snapshot of an account")

    async def _confirmed(
        self, token: str | None, caller: SessionCaller, now: datetime
    ) -> Grant | None:
        """Check the grant, where one came. A credential that changes meanwhile ends the other
        sessions, and with them what was proven there.

        Raises ReauthenticationRequired where none came and one is needed: before anything is
        hashed, for the statement that keeps the questions decides.
        """
        if token is not None:
            return await self.grants.confirmed(
                token,
                Verb.QUESTIONS,
                account_id=caller.account_id,
                session_id=caller.session_id,
                now=now,
            )
        async with self.acts.database.connection() as connection:
            if now >= caller.auth_time + FRESH or await store.are_set(
                connection, caller.account_id
            ):
                raise ReauthenticationRequired
        return None

    async def _look(self, caller: SessionCaller) -> Holder:
        async with self.acts.database.connection() as connection:
            found = await store.hold_holder(
                connection, caller.account_id, account_version=caller.account_version
            )
        if found is None:
            raise AccessTokenInvalid
        return found

    async def _receipt(self, new: NewSet, holder: Holder, *, now: datetime) -> QuestionsReceipt:
        receipt = await self.issuer.issue(
            jti=str(new.set_id),
            act=GrantAct.QUESTIONS_SET,
            audience=(self.redeemer,),
            subject=new.account_id,
            security_version=holder.security_version,
            route="questions",
            now=now,
            expires_at=now + RECEIPT,
            account_version=new.account_version,
        )
        return QuestionsReceipt(receipt=receipt, expires_in=int(RECEIPT.total_seconds()))
