"""Identity's half of a password reset: a grant of recovery's sets the new password (RC-3)."""

from dataclasses import dataclass
from datetime import datetime

from services.identity.accounts.accounts import Accounts
from services.identity.accounts.model import AccountView, Holder
from services.identity.accounts.store import accounts as store
from services.identity.log_on.errors import GrantExhausted
from services.identity.passwords.errors import PasswordUnacceptable
from services.identity.passwords.lockouts import Lockouts
from services.identity.passwords.passwords import HashedPassword, Passwords
from services.identity.passwords.store import refused as refused_passwords
from services.identity.sessions.model import SessionEnd
from services.identity.sessions.sessions import Opened, Sessions, SessionTokens
from shared.audit import Origin
from shared.contracts.identity import PASSWORD_RESET, PasswordReset, ResetRoute
from shared.db import Connection
from shared.errors import Refused
from shared.grants import Act, Grant, GrantChecker, GrantInvalid, GrantSuperseded, GrantWrongAccount
from shared.messaging.outbox import Outbox
from shared.transactions import Transactions

ACTION = "password.reset"
FIELD = "new_password"
REFUSED_AT_MOST = 5  # RC-3: of one proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Resets:
    transactions: Transactions
    grants: GrantChecker
    passwords: Passwords
    accounts: Accounts
    lockouts: Lockouts
    sessions: Sessions
    outbox: Outbox

    async def reset(
        self, grant: str, new_password: str, *, origin: Origin, now: datetime
    ) -> SessionTokens:
        """Set the password the grant allows, end every session and open a new one.

        Whatever is refused uses nothing up: the grant can be brought again with a better password,
        but for the fifth that is refused. Who only has the mailbox could else try without end
        which passwords were this person's. The account is held through the count.
        """
        async with self.transactions.audited_before(origin, ACTION):
            checked = await self.grants.check(grant, act=Act.PASSWORD_SET, now=now)
            route = _route(checked)
        subject = f"account:{checked.account_id}"
        async with self.transactions.audited_before(origin, ACTION, subject=subject):
            hashed = await self._hash(checked, new_password)

        async def hold(tx: Connection) -> None:
            await store.hold(tx, checked.account_id)

        async def count(tx: Connection, refused: Refused) -> None:
            if isinstance(refused, PasswordUnacceptable):
                await refused_passwords.count(tx, checked, now=now)

        async with self.transactions.audited(
            origin, ACTION, subject=subject, holding=hold, refused=count
        ) as tx:
            if await refused_passwords.times(tx, checked) >= REFUSED_AT_MOST:
                raise GrantExhausted
            view = await self._replace(tx, checked, new_password, hashed, origin, now)
            await self._tell(tx, checked, route, view, origin, now)
            opened = await self._new_session(tx, view, now)
            await self.transactions.audit.record(
                tx, origin, action=ACTION, outcome="done", subject=subject, detail=route
            )
        return await self.sessions.sign(opened, now=now)

    async def _hash(self, grant: Grant, new_password: str) -> HashedPassword:
        """Slow, so before the transaction; under the account's salt, to compare with the last 5."""
        async with self.transactions.database.connection() as connection:
            known = await store.credentials(connection, grant.account_id)
        if known is None:
            raise GrantWrongAccount
        return await self.passwords.hash(new_password, history_salt=known.history_salt)

    async def _replace(
        self,
        tx: Connection,
        grant: Grant,
        new_password: str,
        hashed: HashedPassword,
        origin: Origin,
        now: datetime,
    ) -> AccountView:
        account_id = grant.account_id
        await self.grants.spend(tx, grant, now=now)
        security_version = await store.set_password(
            tx, account_id, hashed.hash, security_version=grant.security_version
        )
        if security_version is None:
            raise GrantSuperseded
        context = await self.passwords.context(tx, account_id)
        self.passwords.require(new_password, context, field=FIELD)
        await self.passwords.require_new(tx, account_id, hashed, field=FIELD)
        await self.passwords.remember(
            tx, account_id, hashed, security_version=security_version, now=now
        )
        await self.lockouts.clear(tx, account_id, now=now)
        await self.sessions.end_within(tx, account_id, why=SessionEnd.PASSWORD_RESET, now=now)
        return await self.accounts.announce(tx, account_id, origin)

    async def _tell(
        self,
        tx: Connection,
        grant: Grant,
        route: ResetRoute,
        view: AccountView,
        origin: Origin,
        now: datetime,
    ) -> None:
        account = view.account
        await self.outbox.add(
            tx,
            PASSWORD_RESET,
            PasswordReset(
                account_id=account.id,
                recipients=view.recipients,
                locale=account.locale,
                time_zone=account.time_zone,
                occurred_at=now,
                route=route,
                proof_id=grant.jti,
            ),
            subject=account.id,
            origin=origin,
        )

    async def _new_session(self, tx: Connection, view: AccountView, now: datetime) -> Opened:
        """RC-3 ends at the home page; the old sessions have ended before this one begins."""
        account = view.account
        holder = Holder(
            account_id=account.id,
            version=account.version,
            email_verified=view.verified_email is not None,
        )
        await store.note_log_on(tx, account.id, now=now)
        return await self.sessions.open(tx, holder, now=now)


def _route(grant: Grant) -> ResetRoute:
    try:
        return ResetRoute(grant.route)
    except ValueError:
        raise GrantInvalid from None
