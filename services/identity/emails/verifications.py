"""Verification links: made for an account and an address, sealed for the mail (EN-1, ID-6)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.identity.accounts.store import names as log_on_names
from services.identity.emails.addresses import address_key
from services.identity.emails.model import EMAIL_VERIFICATION
from services.identity.emails.store import emails
from services.identity.emails.store import verifications as store
from shared import one_time
from shared.contracts.identity import Claim
from shared.contracts.ids import AccountId, EventId
from shared.contracts.sealed import Sealed
from shared.db import Connection
from shared.one_time import Mint


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """What the mail to the claimed address will say."""

    claim: Claim
    link: Sealed | None
    expires_at: datetime | None
    at: datetime  # in the order of the account's links, whatever the clocks said


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifications:
    mint: Mint
    life: timedelta

    async def ready(self) -> None:
        """Wait for a key to seal with, before the transaction of `begin`. Raises CatchingUp."""
        await self.mint.sealer.ready()

    async def begin(
        self,
        tx: Connection,
        account_id: AccountId,
        address: str,
        *,
        event_id: EventId,
        now: datetime,
    ) -> Mailing:
        """Claim the address and make its link; an older link of the account ends.

        Where another account has verified the address, the same rows are written and the same
        seal is made, but the link is withheld from the mail (ID-6: hit and miss alike). The
        token leaves here only sealed; notify puts it into the fragment of a link.
        """
        key = address_key(address)
        at = await store.moment(tx, account_id, now=now)
        taken = await log_on_names.held_by_another(tx, key, account_id)
        minted = self.mint.make(
            EMAIL_VERIFICATION, account_id, life=self.life, now=at, sent_to=key, withheld=taken
        )
        await emails.claim(tx, account_id, address, key, now=now)
        await one_time.issue(tx, EMAIL_VERIFICATION, [minted.secret], now=at)
        link = await self.mint.seal(tx, minted, event_id=event_id, recipient=address)
        if taken:
            return Mailing(claim=Claim.TAKEN, link=None, expires_at=None, at=at)
        return Mailing(claim=Claim.VERIFY, link=link, expires_at=minted.secret.expires_at, at=at)

    def address_digest(self, address: str) -> bytes:
        """What is kept of an address that mail was sent to, whoever named it."""
        return self.mint.digests.of("mailed-address", address_key(address))

    def digest(self, token: str) -> bytes:
        """What is kept of a link's token."""
        return EMAIL_VERIFICATION.digest(self.mint.digests, token)
