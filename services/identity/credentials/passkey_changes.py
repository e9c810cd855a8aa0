"""Passkeys as their holder makes, lists, renames and removes them (MF-5, MF-9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.identity.accounts import accounts
from services.identity.accounts.model import AccountView
from services.identity.accounts.tellings import CredentialTellings
from services.identity.actions import Action
from services.identity.passkeys.answers import Given
from services.identity.passkeys.ceremonies import Ceremonies
from services.identity.passkeys.errors import (
    CeremonyOver,
    PasskeyInvalid,
    PasskeyLimit,
    PasskeyNameTaken,
    PasskeyRegistered,
)
from services.identity.passkeys.model import (
    HANDLE_BYTES,
    MOST,
    AnswerRefused,
    Begun,
    Confirmed,
    Making,
    NewKey,
    Passkey,
    PasskeyId,
    Purpose,
)
from services.identity.passkeys.removals import Removals
from services.identity.passkeys.store import passkeys as store
from services.identity.proving.confirmations import Confirmations
from services.identity.sessions.store import sessions
from shared.acts import Act, Acts, By
from shared.contracts.identity import PASSKEY_MADE, PASSKEY_REMOVED
from shared.contracts.ids import AccountId
from shared.errors import NotFound, Refused
from shared.randomness import Randomness
from shared.trust.access import SessionCaller
from shared.trust.grants import Grant, GrantAct, Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPasskeys:
    """What its holder and her browser are told of an account's passkeys."""

    rp_id: str | None  # None: none are offered
    user_handle: bytes | None
    username: str
    passkeys: Sequence[Passkey]
    current: UUID | None  # the one that this session began with


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyChanges:
    acts: Acts
    tellings: CredentialTellings
    confirmations: Confirmations
    ceremonies: Ceremonies
    removals: Removals
    randomness: Randomness

    async def list(self, caller: SessionCaller) -> ListedPasskeys:
        """The oldest first, with what a browser needs to forget those that count no more."""
        door, account_id = self.ceremonies.door, caller.account_id
        async with self.acts.database.snapshot() as tx:
            view = await accounts.view(tx, account_id)
            return ListedPasskeys(
                rp_id=door.rp.id if door else None,
                user_handle=await store.handle_of(tx, account_id),
                username=view.account.username,
                passkeys=await store.list_live(tx, account_id),
                current=await sessions.passkey_of(tx, caller.session_id),
            )

    async def ask(self, name: str, *, caller: SessionCaller, reauthenticated: str, by: By) -> Begun:
        """Have a passkey made that is called so, after re-authentication; nothing is written.

        The grant goes on in the ceremony, and is spent by its answer. Raises PasskeyLimit and
        PasskeyNameTaken before anything is made.
        """
        account_id, action = caller.account_id, Action.MAKE_PASSKEY
        grant = await self.confirmations.check(
            action, reauthenticated, Verb.PASSKEYS, caller=caller, by=by
        )
        async with self.acts.before(by, action, account=account_id):
            async with self.acts.database.snapshot() as tx:
                view = await accounts.view(tx, account_id)
                known = await store.list_live(tx, account_id)
                handle = await store.handle_of(tx, account_id)
            _require_room(known, name)
            return self.ceremonies.make(
                Making(
                    name=name,
                    user_handle=handle or self.randomness.bytes(HANDLE_BYTES),
                    confirmed=Confirmed(
                        jti=grant.jti,
                        issuer=grant.issuer,
                        security_version=grant.security_version,
                        expires_at=grant.expires_at,
                    ),
                ),
                username=view.account.username,
                known=[each.credential_id for each in known],
                account_id=account_id,
                session_id=caller.session_id,
                now=by.now,
            )

    async def make(self, given: Given, *, caller: SessionCaller, by: By) -> PasskeyId:
        """Keep the passkey that was made. What is refused costs the ceremony, and not the grant.

        Raises CeremonyOver, PasskeyInvalid, and where it cannot be kept PasskeyLimit,
        PasskeyNameTaken or PasskeyRegistered.
        """
        account_id = caller.account_id
        async with self.acts.before(by, Action.MAKE_PASSKEY, account=account_id):
            ceremony = self.ceremonies.open(
                given.ceremony,
                Purpose.MAKE,
                account_id=account_id,
                session_id=caller.session_id,
                now=by.now,
            )
            making = ceremony.making
            if making is None:
                raise CeremonyOver
        await self.tellings.ready()
        passkey_id = PasskeyId(self.randomness.uuid())
        async with self.acts.begin(by, Action.MAKE_PASSKEY, account=account_id) as act:
            await self.ceremonies.spend(act, ceremony)
            view = await accounts.hold(act.tx, account_id, caller.session_id)
            try:
                key = self.ceremonies.authenticators.read_new(given.credential, ceremony.challenge)
            except AnswerRefused as refused:
                raise act.committing(PasskeyInvalid(), detail=refused.cause) from None
            try:
                async with act.attempt():
                    view = await self._keep(act, view, passkey_id, making, key)
            except Refused as refusal:
                act.committing(refusal)
                raise
            await self.tellings.tell(act, view, PASSKEY_MADE)
        return passkey_id

    async def rename(
        self, passkey_id: PasskeyId, name: str, *, caller: SessionCaller, by: By
    ) -> None:
        """Call it so from now on. Raises NotFound, also for another's, and PasskeyNameTaken."""
        account_id = caller.account_id
        async with self.acts.begin(by, Action.RENAME_PASSKEY, account=account_id) as act:
            await accounts.hold(act.tx, account_id, caller.session_id)
            known = await store.list_live(act.tx, account_id)
            _require_free(name, [each for each in known if each.id != passkey_id])
            if not await store.rename(act.tx, account_id, passkey_id, name):
                raise NotFound

    async def remove(
        self, passkey_id: PasskeyId, *, caller: SessionCaller, reauthenticated: str, by: By
    ) -> None:
        """Have it open nothing any more; other sessions that began with it end.

        Raises NotFound, also for another's, and TwoStepNeedsMeans.
        """
        account_id, action = caller.account_id, Action.REMOVE_PASSKEY
        async with self.acts.before(by, action, account=account_id):
            async with self.acts.database.connection() as connection:
                known = await store.list_live(connection, account_id)
            if passkey_id not in [each.id for each in known]:
                raise NotFound
        grant = await self.confirmations.check(
            action, reauthenticated, Verb.PASSKEYS, caller=caller, by=by
        )
        await self.tellings.ready()
        async with self.acts.begin(by, action, account=account_id) as act:
            view = await accounts.hold(act.tx, account_id, caller.session_id)
            await self.confirmations.spend(act.tx, grant, view, now=act.now)
            view = await self.removals.remove(act, [passkey_id], caller=caller)
            await self.tellings.tell(act, view, PASSKEY_REMOVED)

    async def _keep(
        self, act: Act, view: AccountView, passkey_id: PasskeyId, making: Making, key: NewKey
    ) -> AccountView:
        tx, account_id = act.tx, view.account.id
        grant = _grant(making.confirmed, account_id)
        await self.confirmations.spend(tx, grant, view, now=act.now)
        _require_room(await store.list_live(tx, account_id), making.name)
        if not await store.settle_handle(tx, account_id, making.user_handle):
            raise CeremonyOver  # another first one was made meanwhile, under another handle
        if not await store.add(
            tx,
            account_id,
            passkey_id,
            key,
            name=making.name,
            rp_id=self.ceremonies.authenticators.rp.id,
            now=act.now,
        ):
            raise PasskeyRegistered
        return await self.removals.changed(act, account_id)


def _require_room(known: Sequence[Passkey], name: str) -> None:
    if len(known) >= MOST:
        raise PasskeyLimit
    _require_free(name, known)


def _require_free(name: str, known: Sequence[Passkey]) -> None:
    if any(each.name == name for each in known):
        raise PasskeyNameTaken.in_field("name", "another one of yours has it")


def _grant(confirmed: Confirmed, account_id: AccountId) -> Grant:
    """The grant that was checked as the ceremony began, to be spent by its answer."""
    return Grant(
        jti=confirmed.jti,
        issuer=confirmed.issuer,
        act=GrantAct.REAUTHENTICATED,
        subject=account_id,
        security_version=confirmed.security_version,
        route="",
        expires_at=confirmed.expires_at,
        verb=Verb.PASSKEYS,
    )
