"""The username: its holder takes another one, and the old one stays hers for a year (ID-2)."""

from dataclasses import dataclass
from datetime import timedelta

from services.identity.accounts import accounts
from services.identity.accounts.errors import UsernameTaken
from services.identity.accounts.model import AccountView, NameKind
from services.identity.accounts.names import check_username, is_address
from services.identity.accounts.store import accounts as store
from services.identity.accounts.store import names
from services.identity.accounts.tellings import CredentialTellings
from services.identity.actions import Action
from services.identity.credentials.errors import TooManyUsernames
from services.identity.proving.confirmations import Confirmations
from shared import limits
from shared.acts import Act, Acts, By
from shared.contracts.identity import USERNAME_CHANGED
from shared.contracts.log_on_names import masked, name_key
from shared.limits import HOUR, Limit
from shared.trust.access import SessionCaller
from shared.trust.grants import Grant, Verb

RESERVED_FOR = timedelta(days=365)
CHANGES = Limit("username-change", ((5, timedelta(days=30)),))
TAKEN = Limit("username-taken", ((10, HOUR),))
"""Names that were told to be somebody's: a session must not list who has an account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usernames:
    acts: Acts
    tellings: CredentialTellings
    confirmations: Confirmations

    async def change(
        self,
        typed: str,
        *,
        caller: SessionCaller,
        reauthenticated: str,
        by: By,
    ) -> str:
        """Give the account another username, and return it as it is kept.

        Sessions go on. Whatever is refused uses nothing up but, for a name that is somebody's, one
        of ten tries an hour; past them free names are refused as well, or the limit would tell.
        """
        account_id, action = caller.account_id, Action.CHANGE_USERNAME
        grant = await self.confirmations.check(
            action, reauthenticated, Verb.USERNAME, caller=caller, by=by
        )
        await self.tellings.ready()
        async with self.acts.begin(by, action, account=account_id) as act:
            view = await accounts.hold(act.tx, account_id, caller.session_id)
            username = check_username(typed, verified=view.verified_email)
            if username == view.account.username:
                return username
            if wait := await limits.wait(act.tx, TAKEN, account_id.bytes, now=act.now):
                raise TooManyUsernames(retry_after=wait.total_seconds())
            try:
                async with act.attempt():
                    await self._replace(act, grant, view, username)
            except UsernameTaken as taken:
                await limits.take(act.tx, TAKEN, [account_id.bytes], now=act.now)
                raise act.committing(taken) from None
            await self.tellings.tell(
                act,
                await accounts.changed(act, account_id),
                USERNAME_CHANGED,
                old_username=masked(view.account.username),
                new_username=masked(username),
            )
        return username

    async def _replace(self, act: Act, grant: Grant, view: AccountView, username: str) -> None:
        """Take the new name, then give up the old one: the key decides every race for a name.

        One's own verified address is a name of the account's already, and stays one.
        """
        tx, now, account_id = act.tx, act.now, view.account.id
        await self.confirmations.spend(tx, grant, view, now=now)
        [change] = (await limits.take(tx, CHANGES, [account_id.bytes], now=now)).values()
        if not change.granted:
            raise TooManyUsernames(retry_after=(change.free_at - now).total_seconds())
        key, old = name_key(username), name_key(view.account.username)
        if not is_address(key) and not await names.claim(
            tx, key, account_id, NameKind.USERNAME, now=now
        ):
            raise UsernameTaken.in_field("username", "somebody has this name")
        if key != old:
            until = now + RESERVED_FOR
            await names.reserve(tx, old, account_id, NameKind.USERNAME, until=until)
        await store.rename(tx, account_id, username)
