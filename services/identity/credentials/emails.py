"""The account e-mail: claimed, verified by a mailed link with a session of that account (ID-6)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.identity.accounts import accounts
from services.identity.accounts.model import AccountView, NameKind
from services.identity.accounts.names import following_username
from services.identity.accounts.store import accounts as account_store
from services.identity.accounts.store import names as log_on_names
from services.identity.accounts.tellings import CredentialTellings, tell
from services.identity.actions import Action
from services.identity.credentials.errors import EmailVerified, ReauthenticationRequired
from services.identity.emails.addresses import address_key, check_address
from services.identity.emails.errors import EmailUnavailable, LinkInvalid, TooManyMails
from services.identity.emails.model import EMAIL_VERIFICATION
from services.identity.emails.store import emails as store
from services.identity.emails.verifications import Verifications
from services.identity.proving.confirmations import Confirmations
from services.identity.sessions.model import FRESH, SessionEnd
from services.identity.sessions.reach import GateName
from services.identity.sessions.sessions import Sessions
from shared import limits, one_time
from shared.acts import Act, Acts, By
from shared.contracts.addresses import masked
from shared.contracts.identity import (
    ACCOUNT_EMAIL_CHANGED,
    ACCOUNT_EMAIL_VERIFIED,
    EMAIL_VERIFICATION_REQUESTED,
)
from shared.contracts.ids import AccountId, SessionId
from shared.db import Connection
from shared.limits import Limit
from shared.trust.access import SessionCaller
from shared.trust.grants import Verb

RESERVED_FOR = timedelta(hours=72)
"""So long the address that was replaced is its holder's: who reads that mailbox first hears of it
late, and nobody else may log on by it meanwhile.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emails:
    acts: Acts
    tellings: CredentialTellings
    verifications: Verifications
    confirmations: Confirmations
    sessions: Sessions
    limit: Limit

    async def claim(
        self,
        typed: str,
        *,
        caller: SessionCaller,
        reauthenticated: str | None,
        by: By,
    ) -> None:
        """Claim an address, or have its link sent again. A claim reserves nothing, and the account
        e-mail stays what it is until the other one is verified.

        The reply is the same whether or not another account has verified the address. An address
        is a way in, so a token is not enough, which may be a stolen one: `reauthenticated` says
        that the password was given again (SE-3), or for the first address it was within ten
        minutes. After RC-6 it is a gate, and a session that stands at it may claim (LG-3).
        """
        account_id, action = caller.account_id, Action.CLAIM_EMAIL
        address = check_address(typed, field="address")
        grant = await self.confirmations.check_if_any(
            action, reauthenticated, Verb.EMAIL, caller=caller, by=by
        )
        await self.verifications.ready()
        async with self.acts.begin(by, action, account=account_id) as act:
            view = await accounts.hold(act.tx, account_id, caller.session_id)
            await self.sessions.require_at(act.tx, caller, GateName.ACCOUNT_EMAIL)
            before = view.verified_email
            if before is not None and address_key(before) == address_key(address):
                raise EmailVerified
            if grant is not None:
                await self.confirmations.spend(act.tx, grant, view, now=act.now)
            elif before is not None or act.now >= caller.auth_time + FRESH:
                raise ReauthenticationRequired
            following_username(view.account.username, before=before, address=address)
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

    async def verify(
        self, account_id: AccountId, token: str, *, session_id: SessionId, by: By
    ) -> None:
        """Confirm the claimed address; its holder is told there and in the portal.

        The first one ends no session and voids nothing: it adds a way in, of which her notification
        addresses and numbers hear as well, since nobody but who claimed it reads this one. Another
        one takes a way in from whoever had it, so all but this session end.

        Of two accounts that verify one address at once, the key of the name space takes one; the
        other's link is not used up.
        """
        await self.tellings.ready()
        async with self.acts.begin(by, Action.VERIFY_EMAIL, account=account_id) as act:
            tx, now = act.tx, act.now
            # The account's row first, as `claim` does, or the two could wait for each other.
            view = await accounts.hold(tx, account_id, session_id)
            digest = self.verifications.digest(token)
            link = await one_time.use(tx, EMAIL_VERIFICATION, digest, owner=account_id, now=now)
            if link is None or link.sent_to is None:
                raise _link_invalid()
            key = link.sent_to
            if not await log_on_names.claim(tx, key, account_id, NameKind.EMAIL, now=now):
                raise EmailUnavailable.in_field("token", "verified by another account")
            address = await store.confirm(tx, account_id, key, now=now)
            if address is None:
                raise _link_invalid()
            if view.verified_email is None:
                view = await accounts.changed(act, account_id)
                if view.account.validated_at is not None:  # it was a gate (RC-6), and is open now
                    await self.sessions.narrow_within(act, account_id)
                await self.tellings.tell(act, view, ACCOUNT_EMAIL_VERIFIED, elsewhere=True)
            else:
                await self._replace(act, view, view.verified_email, address, session_id)

    async def _replace(
        self, act: Act, view: AccountView, old: str, new: str, session_id: SessionId
    ) -> None:
        """Give the old address up, with all that a mail to it could bring about, and tell both.

        A username that was the old address is the new one: the two are one name (ID-4).
        """
        account_id, until = view.account.id, act.now + RESERVED_FOR
        username = following_username(view.account.username, before=old, address=new)
        await log_on_names.reserve(
            act.tx, address_key(old), account_id, NameKind.EMAIL, until=until, address=old
        )
        if username is not None:
            await account_store.rename(act.tx, account_id, username)
        await account_store.change_credential(act.tx, account_id)
        await self.sessions.end_within(
            act, account_id, why=SessionEnd.EMAIL_CHANGE, spare=session_id
        )
        await self.tellings.tell(
            act,
            await accounts.changed(act, account_id),
            ACCOUNT_EMAIL_CHANGED,
            recipients=(old, new),
            new_email=masked(new),
            reserved_until=until,
        )

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
