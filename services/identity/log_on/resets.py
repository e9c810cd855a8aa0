"""Identity's half of a password reset: a grant of recovery's sets the new password (RC-3, RC-6)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from services.identity.accounts import accounts
from services.identity.accounts.model import AccountView
from services.identity.accounts.store import accounts as store
from services.identity.accounts.tellings import CredentialTellings
from services.identity.actions import Action
from services.identity.devices.arrivals import Arrivals
from services.identity.log_on.errors import GrantExhausted, ValidationUnavailable
from services.identity.passkeys.store import passkeys
from services.identity.passwords.errors import PasswordUnacceptable
from services.identity.passwords.lockouts import Lockouts
from services.identity.passwords.passwords import HashedPassword, Passwords
from services.identity.sessions.model import BegunBy, Described, SessionEnd
from services.identity.sessions.replies import SessionReply
from services.identity.sessions.sessions import Sessions
from shared import limits
from shared.acts import Act, Acts, By
from shared.contracts.identity import PASSWORD_RESET, ResetRoute
from shared.contracts.reach import Service
from shared.db import Connection
from shared.limits import Limit
from shared.trust.grants import (
    Grant,
    GrantAct,
    GrantChecker,
    GrantInvalid,
    GrantSuperseded,
    GrantWrongAccount,
)

FIELD = "new_password"
REFUSED = Limit("refused-password", ((5, timedelta(days=30)),))
"""RC-3: of one proof, for longer than any can bring grants."""

OF_PRACTICES = frozenset({ResetRoute.PRACTICE_TOKEN})
"""The routes that a practice vouches for, which alone open a thawed account (RC-9)."""

TO_LOG_ON: frozenset[ResetRoute] = frozenset({ResetRoute.VALIDATION})
"""The routes that open no session: who came by one shows at the log-on that she has the password,
and every session after that is gated (RC-6).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resets:
    acts: Acts
    grants: GrantChecker
    passwords: Passwords
    tellings: CredentialTellings
    lockouts: Lockouts
    sessions: Sessions
    arrivals: Arrivals

    async def reset(
        self,
        grant: str,
        new_password: str,
        *,
        device: str | None,
        described: Described,
        resource: Sequence[Service],
        by: By,
    ) -> SessionReply | None:
        """Set the password the grant allows, end every session and open a new one; none by a route
        that leads to the log-on.

        Whatever is refused uses nothing up: the grant can be brought again with a better password,
        but for the fifth that is refused. Who only has the mailbox could else try without end
        which passwords were this person's. The account is held through the count.
        """
        async with self.acts.before(by, Action.RESET_PASSWORD):
            checked = await self.grants.check(grant, act=GrantAct.PASSWORD_SET, now=by.now)
            route = _route(checked)
        account_id = checked.account_id
        async with self.acts.before(by, Action.RESET_PASSWORD, account=account_id):
            hashed = await self._hash(checked, new_password)
        await self.tellings.ready()
        async with self.acts.begin(by, Action.RESET_PASSWORD, account=account_id) as act:
            act.detail = route
            await store.hold(act.tx, account_id)
            at = await self.arrivals.hold(act, account_id, device)  # before the lock, as a log-on
            if await limits.wait(act.tx, REFUSED, _proof(checked), now=act.now):
                raise GrantExhausted
            try:
                async with act.attempt():
                    view = await self._replace(act, checked, new_password, hashed)
            except PasswordUnacceptable as unacceptable:
                await limits.take(act.tx, REFUSED, [_proof(checked)], now=act.now)
                act.committing(unacceptable)
                raise
            await self.tellings.tell(act, view, PASSWORD_RESET, route=route, proof_id=checked.jti)
            if route in TO_LOG_ON:
                return None
            # RC-3 ends at the home page; the old sessions have ended before this one begins. The
            # trust of before went with the old password (RC-10).
            opened = await self.arrivals.open(
                act,
                account_id,
                replace(at, trusted=False),
                begun_by=[BegunBy.PASSWORD_RESET],
                described=described,
                alerts=False,  # of the new password she is told
            )
        return await self.sessions.sign(opened, resource=resource, now=by.now)

    async def _hash(self, grant: Grant, new_password: str) -> HashedPassword:
        """Slow, so before the transaction; under the account's salt, to compare with the last 5."""
        async with self.acts.database.connection() as connection:
            known = await store.credentials(connection, grant.account_id)
        if known is None:
            raise GrantWrongAccount
        return await self.passwords.hash(new_password, history_salt=known.history_salt)

    async def _replace(
        self, act: Act, grant: Grant, new_password: str, hashed: HashedPassword
    ) -> AccountView:
        tx, now, account_id, route = act.tx, act.now, grant.account_id, _route(grant)
        await self.grants.spend(tx, grant, now=now)
        security_version = await store.set_password(
            tx,
            account_id,
            hashed.hash,
            security_version=grant.security_version,
            by_practice=route in OF_PRACTICES,
            validated_at=now if route is ResetRoute.VALIDATION else None,
        )
        if security_version is None:
            raise await self._unset(tx, grant)
        await self.passwords.take(
            tx,
            account_id,
            new_password,
            hashed,
            security_version=security_version,
            field=FIELD,
            now=now,
        )
        await self.lockouts.clear(tx, account_id, now=now)
        await passkeys.suspend_all(tx, account_id, now=now)
        await self.sessions.end_within(act, account_id, why=SessionEnd.PASSWORD_RESET)
        return await accounts.announce(act, account_id)

    async def _unset(self, tx: Connection, grant: Grant) -> GrantSuperseded | ValidationUnavailable:
        """Say why no password was set: of a validation there is more than its age (RC-6)."""
        current = await store.is_current(
            tx, grant.account_id, security_version=grant.security_version
        )
        return ValidationUnavailable() if current else GrantSuperseded()


def _proof(grant: Grant) -> bytes:
    """The proof's own key, the same in every grant fetched for it."""
    return f"{grant.issuer} {grant.jti}".encode()


def _route(grant: Grant) -> ResetRoute:
    try:
        return ResetRoute(grant.route)
    except ValueError:
        raise GrantInvalid from None
