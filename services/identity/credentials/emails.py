"""The account e-mail: claimed, verified by a mailed link with a session of that account (ID-6)."""

from dataclasses import dataclass
from datetime import datetime

from services.identity.accounts.accounts import Accounts
from services.identity.accounts.model import NameKind
from services.identity.accounts.store import accounts as account_store
from services.identity.accounts.store import names as log_on_names
from services.identity.accounts.tellings import tell
from services.identity.actions import Action
from services.identity.credentials.errors import EmailVerified, ReauthenticationRequired
from services.identity.emails.addresses import check_address
from services.identity.emails.errors import EmailUnavailable, LinkInvalid, TooManyMails
from services.identity.emails.model import EMAIL_VERIFICATION
from services.identity.emails.store import emails as store
from services.identity.emails.verifications import Verifications
from services.identity.proving.confirmations import Confirmations
from services.identity.sessions.model import FRESH
from shared import limits, one_time
from shared.acts import Acts, By
from shared.contracts.identity import (
    ACCOUNT_EMAIL_VERIFIED,
    EMAIL_VERIFICATION_REQUESTED,
)
from shared.contracts.ids import AccountId, SessionId
from shared.db import Connection
from shared.limits import Limit
from shared.trust.grants import (
    Grant,
    Verb,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Emails:
    acts: Acts
    accounts: Accounts
    verifications: Verifications
    confirmations: Confirmations
    limit: Limit

    async def claim(
        self,
        account_id: AccountId,
        typed: str,
        *,
        session_id: SessionId,
        auth_time: datetime,
        reauthenticated: str | None,
        by: By,
    ) -> None:
        """Claim an address, or have its link sent again. A claim reserves nothing.

        The reply is the same whether or not another account has verified the address. An address
        is a way in, so a token is not enough, which may be a stolen one: a password was given
        within ten minutes, or `reauthenticated` says that it was given again (SE-3).
        """
        address = check_address(typed, field="address")
        grant: Grant | None = None
        if reauthenticated is not None:
            async with self.acts.before(by, Action.CLAIM_EMAIL, account=account_id):
                grant = await self.confirmations.check(
                    reauthenticated,
                    Verb.EMAIL,
                    account_id=account_id,
                    session_id=session_id,
                    now=by.now,
                )
        await self.verifications.ready()
        async with self.acts.begin(by, Action.CLAIM_EMAIL, account=account_id) as act:
            view = await self.accounts.hold(act.tx, account_id)
            if view.verified_email is not None:
                raise EmailVerified
            if grant is not None:
                await self.confirmations.spend(act.tx, grant, view, now=act.now)
            elif act.now >= auth_time + FRESH:
                raise ReauthenticationRequired
            await self._require_mails_left(act.tx, account_id, address, act.now)
            event_id = act.new_id()
            mailing = await self.verifications.begin(
                act.tx, account_id, address, event_id=event_id, now=act.now
            )
            tell(
                act,
                view,
                EMAIL_VERIFICATION_REQUESTED,
                recipients=(address,),
                occurred_at=mailing.at,
                event_id=event_id,
                claim=mailing.claim,
                verification=mailing.link,
                verification_expires_at=mailing.expires_at,
            )

    async def verify(self, account_id: AccountId, token: str, *, by: By) -> None:
        """Confirm the claimed address. Ends no session and voids nothing: it adds a way in, of
        which the holder is told there and in the portal.

        Of two accounts that verify one address at once, the key of the name space takes one; the
        other's link is not used up.
        """
        async with self.acts.begin(by, Action.VERIFY_EMAIL, account=account_id) as act:
            tx, now = act.tx, act.now
            # The account's row first, as `claim` does, or the two could wait for each other.
            await account_store.hold(tx, account_id)
            digest = self.verifications.digest(token)
            link = await one_time.use(tx, EMAIL_VERIFICATION, digest, owner=account_id, now=now)
            if link is None or link.sent_to is None:
                raise _link_invalid()
            key = link.sent_to
            if not await log_on_names.claim(tx, key, account_id, NameKind.EMAIL, now=now):
                raise EmailUnavailable.in_field("token", "verified by another account")
            if not await store.confirm(tx, account_id, key, now=now):
                raise _link_invalid()
            tell(act, await self.accounts.changed(act, account_id), ACCOUNT_EMAIL_VERIFIED)

    async def _require_mails_left(
        self, tx: Connection, account_id: AccountId, address: str, now: datetime
    ) -> None:
        """By account, whatever address it names, and by address, whoever names it."""
        keys = (account_id.bytes, self.verifications.address_digest(address))
        taken = await limits.take(tx, self.limit, keys, now=now)
        waits = [each.free_at - now for each in taken.values() if not each.granted]
        if waits:
            raise TooManyMails(retry_after=max(waits).total_seconds())


def _link_invalid() -> LinkInvalid:
    return LinkInvalid.in_field("token", "opens nothing")
