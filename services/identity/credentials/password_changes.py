"""The password: its holder sets another one, and every session of before is over (ID-7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.identity.accounts import accounts
from services.identity.accounts.model import AccountView
from services.identity.accounts.store import accounts as store
from services.identity.accounts.store import log_ons
from services.identity.accounts.tellings import CredentialTellings
from services.identity.actions import Action
from services.identity.credentials.errors import TooManyPasswords
from services.identity.passwords.errors import PasswordUnacceptable
from services.identity.passwords.passwords import HashedPassword, Passwords
from services.identity.passwords.policy import RuleResult
from services.identity.passwords.store import history
from services.identity.proving.confirmations import Confirmations
from services.identity.sessions.model import BegunBy, SessionEnd
from services.identity.sessions.reach import GateName
from services.identity.sessions.replies import SessionReply
from services.identity.sessions.sessions import Sessions
from services.identity.sessions.store import sessions
from shared import limits
from shared.acts import Act, Acts, By
from shared.contracts.identity import PASSWORD_CHANGED
from shared.contracts.ids import AccountId
from shared.contracts.reach import Service
from shared.limits import HOUR, Limit
from shared.trust.access import AccessTokenInvalid, SessionCaller
from shared.trust.grants import Grant, GrantSuperseded, Verb

FIELD = "new_password"
REFUSED = Limit("refused-new-password", ((10, HOUR),))
"""Of one account: who learned its password must not find out which others it had, either."""

CHECKS = Limit("candidate-check", ((40, timedelta(minutes=5)),))
"""Of one account: as many as anybody types, and not enough to find out a date of birth by them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanges:
    acts: Acts
    tellings: CredentialTellings
    passwords: Passwords
    confirmations: Confirmations
    sessions: Sessions

    async def check(
        self, candidate: str, *, caller: SessionCaller, by: By
    ) -> tuple[RuleResult, ...]:
        """Judge a candidate beside what the account is known by; nothing is kept of it."""
        account_id = caller.account_id
        async with self.acts.database.transaction() as tx:
            await self.sessions.require_at(tx, caller, GateName.NEW_PASSWORD)
            key = account_id.bytes
            taken = (await limits.take(tx, CHECKS, [key], now=by.now))[key]
            if not taken.granted:
                raise TooManyPasswords(retry_after=(taken.free_at - by.now).total_seconds())
            context = await history.context(tx, account_id)
        return self.passwords.check(candidate, context)

    async def change(
        self,
        new_password: str,
        *,
        caller: SessionCaller,
        reauthenticated: str,
        resource: Sequence[Service],
        by: By,
    ) -> SessionReply:
        """Set it, end every session, and go on in a new one: whoever has copied a token of this
        one has nothing by it.

        A password that is refused does not cost the grant, but one of ten tries an hour.
        """
        account_id, action = caller.account_id, Action.CHANGE_PASSWORD
        grant = await self.confirmations.check(
            action, reauthenticated, Verb.PASSWORD, caller=caller, by=by
        )
        async with self.acts.before(by, action, account=account_id):
            hashed = await self._hash(account_id, new_password)
        await self.tellings.ready()
        async with self.acts.begin(by, action, account=account_id) as act:
            view = await accounts.hold(act.tx, account_id, caller.session_id)
            await self.sessions.require_at(act.tx, caller, GateName.NEW_PASSWORD)
            if wait := await limits.wait(act.tx, REFUSED, account_id.bytes, now=act.now):
                raise TooManyPasswords(retry_after=wait.total_seconds())
            try:
                async with act.attempt():
                    view = await self._replace(act, grant, view, new_password, hashed)
            except PasswordUnacceptable as unacceptable:
                await limits.take(act.tx, REFUSED, [account_id.bytes], now=act.now)
                act.committing(unacceptable)
                raise
            await self.tellings.tell(act, view, PASSWORD_CHANGED)
            asking = await sessions.find(act.tx, caller.session_id, now=act.now)
            opened = await self.sessions.open(
                act,
                account_id,
                begun_by=[BegunBy.PASSWORD_CHANGE],
                described=asking.described,
                device_id=asking.device_id,
                second_step_taken=True,
            )
            # no log-on, so what failed before it is left for the next one to tell (SE-2)
            await log_ons.note_failures(act.tx, account_id, opened.failures)
        return await self.sessions.sign(opened, resource=resource, now=by.now)

    async def _hash(self, account_id: AccountId, new_password: str) -> HashedPassword:
        """Slow, so before the transaction; under the account's salt, to compare with the last 5."""
        async with self.acts.database.connection() as connection:
            known = await store.credentials(connection, account_id)
        if known is None:
            raise AccessTokenInvalid
        return await self.passwords.hash(new_password, history_salt=known.history_salt)

    async def _replace(
        self,
        act: Act,
        grant: Grant,
        view: AccountView,
        new_password: str,
        hashed: HashedPassword,
    ) -> AccountView:
        tx, now, account_id = act.tx, act.now, view.account.id
        await self.confirmations.spend(tx, grant, view, now=now)
        security_version = await store.set_password(
            tx, account_id, hashed.hash, security_version=grant.security_version
        )
        if security_version is None:
            raise GrantSuperseded
        await self.passwords.take(
            tx,
            account_id,
            new_password,
            hashed,
            security_version=security_version,
            field=FIELD,
            now=now,
        )
        await self.sessions.end_within(act, account_id, why=SessionEnd.PASSWORD_CHANGE)
        return await accounts.announce(act, account_id)
