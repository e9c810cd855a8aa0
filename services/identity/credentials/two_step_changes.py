"""Two-step verification: set up, its codes renewed, turned off, by its holder (MF-1, MF-4)."""

from dataclasses import dataclass, field
from datetime import datetime

from services.identity.accounts import accounts
from services.identity.accounts.model import AccountView
from services.identity.accounts.store import accounts as account_store
from services.identity.accounts.tellings import CredentialTellings
from services.identity.actions import Action
from services.identity.credentials.errors import ReauthenticationRequired
from services.identity.devices.store import devices
from services.identity.passkeys.errors import TwoStepNeedsMeans
from services.identity.passkeys.store import passkeys
from services.identity.proving.confirmations import Confirmations
from services.identity.sessions.model import FRESH, SessionEnd
from services.identity.sessions.sessions import Sessions
from services.identity.two_step.authenticator import Authenticator
from services.identity.two_step.errors import (
    CodeWrong,
    SetUpOver,
    TooManyCodeSets,
    TwoStepOff,
    TwoStepOn,
)
from services.identity.two_step.model import CODE_SETS, SET_UP_LASTS, NewCodes, Pending, TwoStep
from services.identity.two_step.recovery_codes import RecoveryCodes
from services.identity.two_step.store import recovery_codes as codes_store
from services.identity.two_step.store import two_steps as store
from shared import limits
from shared.acts import Act, Acts, By
from shared.contracts.identity import (
    AUTHENTICATOR_APP_REPLACED,
    RECOVERY_CODES_MADE,
    TWO_STEP_MODE_CHANGED,
    TWO_STEP_TURNED_OFF,
    TWO_STEP_TURNED_ON,
    TwoStepMode,
)
from shared.contracts.ids import AccountId
from shared.db import Connection
from shared.trust.access import SessionCaller
from shared.trust.grants import Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApp:
    """What an app is set up with, shown once."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoStepChanges:
    acts: Acts
    tellings: CredentialTellings
    confirmations: Confirmations
    sessions: Sessions
    authenticator: Authenticator
    recovery_codes: RecoveryCodes

    async def set_up(self, *, caller: SessionCaller, reauthenticated: str | None, by: By) -> NewApp:
        """Make the secret for an app, the first or another; nothing changes until it shows a code.

        It is for this session alone, in which the password was given again (SE-3), or for the
        first app within ten minutes: a stolen token must not shut its holder out.
        """
        account_id, action = caller.account_id, Action.SET_UP_APP
        grant = await self.confirmations.check_if_any(
            action, reauthenticated, Verb.TWO_STEP, caller=caller, by=by
        )
        secret = self.authenticator.new_secret()
        async with self.acts.begin(by, action, account=account_id) as act:
            view = await accounts.hold(act.tx, account_id, caller.session_id)
            found = await store.find(act.tx, account_id)
            if grant is not None:
                await self.confirmations.spend(act.tx, grant, view, now=act.now)
            elif (found is not None and found.on) or act.now >= caller.auth_time + FRESH:
                raise ReauthenticationRequired
            until = act.now + SET_UP_LASTS
            sealed = self.authenticator.sealed(secret, account_id)
            pending = Pending(sealed=sealed, session_id=caller.session_id, until=until)
            await store.begin(act.tx, account_id, pending)
        uri = self.authenticator.uri(secret, view.account.username)
        return NewApp(secret=secret, uri=uri, until=until)

    async def confirm(self, code: str, *, caller: SessionCaller, by: By) -> tuple[str, ...]:
        """Let the app that was set up be the account's, by its first good code; that one is used.

        Return ten recovery codes where two-step is on with it; those there are outlive another
        app. Every other session ends. Raises CodeWrong, and SetUpOver.
        """
        account_id = caller.account_id
        async with self.acts.before(by, Action.CONFIRM_APP, account=account_id):
            async with self.acts.database.connection() as connection:
                found, *_ = await self._look(connection, caller, code, by.now)
            made = None if found.on else await self._make(account_id, now=by.now)
        await self.tellings.ready()
        async with self.acts.begin(by, Action.CONFIRM_APP, account=account_id) as act:
            await accounts.hold(act.tx, account_id, caller.session_id)
            await store.hold(act.tx, account_id)  # nothing encrypts its secret again from here on
            _, pending, step = await self._look(act.tx, caller, code, by.now)
            if not await store.confirm(act.tx, account_id, pending, step=step, now=act.now):
                raise SetUpOver
            if made is not None:
                await codes_store.replace(act.tx, account_id, made)
                await account_store.answer_two_step(act.tx, account_id)
            view = await self._changed(act, caller)
            if made is not None:
                await self.tellings.tell(act, view, TWO_STEP_TURNED_ON)
            else:
                await self.tellings.tell(act, view, AUTHENTICATOR_APP_REPLACED)
        return made.shown if made else ()

    async def turn_on_by_passkeys(
        self, *, caller: SessionCaller, reauthenticated: str | None, by: By
    ) -> tuple[str, ...]:
        """Have log-on ask for a passkey beside the password, and return ten recovery codes (MF-8).

        It is the first means of two-step, as the first app is. Every other session ends. Raises
        TwoStepOn, and TwoStepNeedsMeans where no passkey counts.
        """
        account_id, action = caller.account_id, Action.TURN_ON_TWO_STEP
        grant = await self.confirmations.check_if_any(
            action, reauthenticated, Verb.TWO_STEP, caller=caller, by=by
        )
        async with self.acts.before(by, action, account=account_id):
            if grant is None and by.now >= caller.auth_time + FRESH:
                raise ReauthenticationRequired
            async with self.acts.database.connection() as connection:
                await _require_to_turn_on(connection, account_id)
            made = await self._make(account_id, now=by.now)
        await self.tellings.ready()
        async with self.acts.begin(by, action, account=account_id) as act:
            view = await accounts.hold(act.tx, account_id, caller.session_id)
            await _require_to_turn_on(act.tx, account_id)
            if grant is not None:
                await self.confirmations.spend(act.tx, grant, view, now=act.now)
            if not await store.turn_on(act.tx, account_id, now=act.now):
                raise TwoStepNeedsMeans
            await codes_store.replace(act.tx, account_id, made)
            await account_store.answer_two_step(act.tx, account_id)
            view = await self._changed(act, caller)
            await self.tellings.tell(act, view, TWO_STEP_TURNED_ON)
        return made.shown

    async def make_codes(
        self, *, caller: SessionCaller, reauthenticated: str, by: By
    ) -> tuple[str, ...]:
        """Return ten new recovery codes, shown once; those before are void."""
        account_id, action = caller.account_id, Action.MAKE_RECOVERY_CODES
        grant = await self.confirmations.check(
            action, reauthenticated, Verb.RECOVERY_CODES, caller=caller, by=by
        )
        async with self.acts.before(by, action, account=account_id):
            async with self.acts.database.connection() as connection:
                await _require_on(connection, account_id)
            made = await self._make(account_id, now=by.now)
        await self.tellings.ready()
        async with self.acts.begin(by, action, account=account_id) as act:
            view = await accounts.hold(act.tx, account_id, caller.session_id)
            await _require_on(act.tx, account_id)
            await self.confirmations.spend(act.tx, grant, view, now=act.now)
            await codes_store.replace(act.tx, account_id, made)
            await self.tellings.tell(act, view, RECOVERY_CODES_MADE)
        return made.shown

    async def change_mode(
        self, mode: TwoStepMode, *, caller: SessionCaller, reauthenticated: str, by: By
    ) -> None:
        """Ask for a code at every log-on, and trust no device any more, or at new ones only.

        Sessions go on: no credential is another one. Raises TwoStepOff.
        """
        account_id, action = caller.account_id, Action.CHANGE_TWO_STEP_MODE
        grant = await self.confirmations.check(
            action, reauthenticated, Verb.TWO_STEP, caller=caller, by=by
        )
        await self.tellings.ready()
        async with self.acts.begin(by, action, account=account_id) as act:
            act.detail = mode
            view = await accounts.hold(act.tx, account_id, caller.session_id)
            await _require_on(act.tx, account_id)
            await self.confirmations.spend(act.tx, grant, view, now=act.now)
            if not await store.set_mode(act.tx, account_id, mode):
                return
            if mode is TwoStepMode.EVERY_LOG_ON:
                await devices.void_trust(act.tx, account_id)
            await self.tellings.tell(act, view, TWO_STEP_MODE_CHANGED, mode=mode)

    async def turn_off(self, *, caller: SessionCaller, reauthenticated: str, by: By) -> None:
        """Forget app and recovery codes, and end the other sessions.

        The grant is of a password that may stand alone (ID-3), and a code.
        """
        account_id, action = caller.account_id, Action.TURN_OFF_TWO_STEP
        grant = await self.confirmations.check(
            action, reauthenticated, Verb.TWO_STEP_OFF, caller=caller, by=by
        )
        await self.tellings.ready()
        async with self.acts.begin(by, action, account=account_id) as act:
            view = await accounts.hold(act.tx, account_id, caller.session_id)
            await self.confirmations.spend(act.tx, grant, view, now=act.now)
            if not await store.turn_off(act.tx, account_id):
                raise TwoStepOff
            view = await self._changed(act, caller)
            await self.tellings.tell(act, view, TWO_STEP_TURNED_OFF)

    async def _make(self, account_id: AccountId, *, now: datetime) -> NewCodes:
        """Make a set, where there may be one more.

        It is counted before the first of its ten slow hashes, for a set that somebody else's takes
        the place of as well: else one grant, sent a hundred times at once, has a thousand computed.
        Raises TooManyCodeSets.
        """
        key = account_id.bytes
        async with self.acts.database.transaction() as tx:
            taken = (await limits.take(tx, CODE_SETS, [key], now=now))[key]
        if not taken.granted:
            raise TooManyCodeSets(retry_after=(taken.free_at - now).total_seconds())
        return await self.recovery_codes.make()

    async def _look(
        self, connection: Connection, caller: SessionCaller, code: str, now: datetime
    ) -> tuple[TwoStep, Pending, int]:
        """The app that this session sets up, and the step whose code this is.

        Wrong ones are not counted: whoever sets it up has been shown the secret.
        """
        found = await store.find(connection, caller.account_id)
        pending = found.pending if found else None
        if found is None or pending is None or pending.session_id != caller.session_id:
            raise SetUpOver
        if now >= pending.until:
            raise SetUpOver
        step = self.authenticator.step_of(pending.sealed, caller.account_id, code, now)
        if step is None:
            raise CodeWrong.in_field("code", "not what the app shows now")
        return found, pending, step

    async def _changed(self, act: Act, caller: SessionCaller) -> AccountView:
        """Void what was proven before, and end every other session (SE-1)."""
        account_id = caller.account_id
        await account_store.change_credential(act.tx, account_id)
        await self.sessions.end_within(
            act, account_id, why=SessionEnd.TWO_STEP_CHANGE, spare=caller.session_id
        )
        return await accounts.changed(act, account_id)


async def _require_on(tx: Connection, account_id: AccountId) -> None:
    """Raises TwoStepOff."""
    found = await store.find(tx, account_id)
    if found is None or not found.on:
        raise TwoStepOff


async def _require_to_turn_on(tx: Connection, account_id: AccountId) -> None:
    """Raises TwoStepOn, and TwoStepNeedsMeans."""
    found = await store.find(tx, account_id)
    if found is not None and found.on:
        raise TwoStepOn
    if all(each.suspended for each in await passkeys.list_live(tx, account_id)):
        raise TwoStepNeedsMeans
