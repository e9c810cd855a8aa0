"""Verification links: made for an account and an address, sealed for the mail (EN-1, ID-6)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.identity.accounts.store import names as log_on_names
from services.identity.emails.addresses import address_key
from services.identity.emails.model import VerificationState
from services.identity.emails.store import emails
from services.identity.emails.store import verifications as store
from shared.contracts.identity import Claim
from shared.contracts.ids import AccountId, EventId
from shared.contracts.sealed import Sealed, SealPurpose
from shared.db import Connection
from shared.randomness import Randomness
from shared.sealing import Sealer
from shared.tokens import Digests

PURPOSE = SealPurpose.EMAIL_VERIFICATION  # of the seal, and of the digest that is kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """What the mail to the claimed address will say."""

    claim: Claim
    link: Sealed | None
    expires_at: datetime | None
    at: datetime  # in the order of the account's links, whatever the clocks said


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifications:
    randomness: Randomness
    digests: Digests
    sealer: Sealer
    life: timedelta

    async def ready(self) -> None:
        """Wait for a key to seal with, before the transaction of `begin`. Raises CatchingUp."""
        await self.sealer.ready()

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
        token, expires_at = self.randomness.token(), at + self.life
        taken = await log_on_names.held_by_another(tx, key, account_id)
        await emails.claim(tx, account_id, address, key, now=now)
        await store.supersede(tx, account_id)
        await store.add(
            tx,
            self.randomness.uuid(),
            account_id,
            key,
            self.digest(token),
            state=VerificationState.WITHHELD if taken else VerificationState.LIVE,
            now=at,
            expires_at=expires_at,
        )
        link = await self.sealer.seal(
            tx,
            token,
            event_id=event_id,
            purpose=PURPOSE,
            recipient=address,
            expires_at=expires_at,
        )
        if taken:
            return Mailing(claim=Claim.TAKEN, link=None, expires_at=None, at=at)
        return Mailing(claim=Claim.VERIFY, link=link, expires_at=expires_at, at=at)

    def address_digest(self, address: str) -> bytes:
        """What is kept of an address that mail was sent to, whoever named it."""
        return self.digests.of("mailed-address", address_key(address))

    def digest(self, token: str) -> bytes:
        """What is kept of a link's token."""
        return self.digests.of(PURPOSE, token)
