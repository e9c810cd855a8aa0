"""The account e-mail: claimed, verified by a mailed link with a session of that account (ID-6)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.identity.accounts import Accounts
from services.identity.addresses import check_address
from services.identity.errors import (
    EmailUnavailable,
    EmailVerified,
    LinkInvalid,
    TooManyMails,
)
from services.identity.model import NameKind, SendLimits
from services.identity.store import accounts as account_store
from services.identity.store import emails as store
from services.identity.store import log_on_names, verifications
from services.identity.verifications import Verifications
from shared.access import AccessTokenInvalid
from shared.audit import Origin
from shared.contracts.identity import (
    EMAIL_VERIFICATION_REQUESTED,
    AccountState,
    EmailVerificationRequested,
)
from shared.contracts.ids import AccountId
from shared.db import Connection
from shared.errors import Violation
from shared.messaging.outbox import Outbox
from shared.transactions import Transactions


@dataclass(frozen=True, slots=True, kw_only=True)
class Emails:
    transactions: Transactions
    outbox: Outbox
    accounts: Accounts
    verifications: Verifications
    limits: SendLimits

    async def claim(
        self, account_id: AccountId, typed: str, *, origin: Origin, now: datetime
    ) -> None:
        """Claim an address, or have its link sent again. A claim reserves nothing.

        The reply is the same whether or not another account has verified the address.
        """
        address = check_address(typed, field="address")
        await self.verifications.ready()
        action, subject = "email.claim", f"account:{account_id}"
        async with self.transactions.audited(origin, action, subject=subject) as tx:
            await account_store.hold(tx, account_id)
            view = await self.accounts.view(tx, account_id)
            if view.account.state is AccountState.MERGED:
                raise AccessTokenInvalid  # merged since the session was looked at
            if view.verified_email is not None:
                raise EmailVerified
            await self._require_mails_left(tx, account_id, now)
            event_id = self.outbox.new_id()
            mailing = await self.verifications.begin(
                tx, account_id, address, event_id=event_id, now=now
            )
            await self.outbox.add(
                tx,
                EMAIL_VERIFICATION_REQUESTED,
                EmailVerificationRequested(
                    account_id=account_id,
                    recipients=(address,),
                    locale=view.account.locale,
                    time_zone=view.account.time_zone,
                    occurred_at=now,
                    claim=mailing.claim,
                    verification=mailing.link,
                    verification_expires_at=mailing.expires_at,
                ),
                subject=account_id,
                origin=origin,
                event_id=event_id,
            )
            await self.transactions.audit.record(
                tx, origin, action=action, outcome="done", subject=subject
            )

    async def verify(
        self, account_id: AccountId, token: str, *, origin: Origin, now: datetime
    ) -> None:
        """Confirm the claimed address. Ends no session and voids nothing: it adds a way in.

        Of two accounts that verify one address at once, the key of the name space takes one; the
        other's link is not used up.
        """
        action, subject = "email.verify", f"account:{account_id}"
        async with self.transactions.audited(origin, action, subject=subject) as tx:
            # The account's row first, as `claim` does, or the two could wait for each other.
            await account_store.hold(tx, account_id)
            digest = self.verifications.digest(token)
            key = await verifications.use(tx, account_id, digest, now=now)
            if key is None:
                raise _link_invalid()
            if not await log_on_names.claim(tx, key, account_id, NameKind.EMAIL, now=now):
                raise EmailUnavailable(
                    Violation(
                        field="token",
                        code="email_unavailable",
                        detail="verified by another account",
                    )
                )
            if not await store.confirm(tx, account_id, key, now=now):
                raise _link_invalid()
            await account_store.change(tx, account_id)
            await self.accounts.announce(tx, account_id, origin)
            await self.transactions.audit.record(
                tx, origin, action=action, outcome="done", subject=subject
            )

    async def _require_mails_left(
        self, tx: Connection, account_id: AccountId, now: datetime
    ) -> None:
        for limit, window in (
            (self.limits.a_day, timedelta(days=1)),
            (self.limits.an_hour, timedelta(hours=1)),
        ):
            at = await verifications.next_send(tx, account_id, limit=limit, window=window, now=now)
            if at is not None:
                raise TooManyMails(retry_after=(at - now).total_seconds())


def _link_invalid() -> LinkInvalid:
    return LinkInvalid(Violation(field="token", code="link_invalid", detail="opens nothing"))
