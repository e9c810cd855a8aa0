"""Making a link: its token, digest, life and seal, alike for somebody and for nobody."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.recovery.links import TOKEN
from services.recovery.model import Holder, Link
from shared.contracts.ids import EventId
from shared.contracts.sealed import Sealed, SealPurpose
from shared.db import Connection
from shared.messaging.outbox import Outbox
from shared.randomness import Randomness
from shared.sealing import Sealer
from shared.tokens import Digests


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLink:
    """A link and its token, sealed to the one event that will carry it."""

    link: Link
    life_minutes: int
    event_id: EventId
    sealed: Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkMint:
    randomness: Randomness
    digests: Digests
    sealer: Sealer
    outbox: Outbox

    async def make(self, tx: Connection, holder: Holder, *, now: datetime) -> NewLink:
        """Make a link for this holder; nothing is written. Raises CatchingUp (no key of notify's).

        The token is 256 bits and leaves here only sealed; notify puts it into the URL's fragment.
        The security version is the one known now, and is kept with the link.
        """
        token = self.randomness.token()
        event_id = self.outbox.new_id()
        link = Link(
            id=self.randomness.uuid(),
            account_id=holder.account_id,
            token_digest=self.digests.of(TOKEN, token),
            security_version=holder.security_version,
            issued_at=now,
            expires_at=now + timedelta(minutes=holder.life_minutes),
        )
        sealed = await self.sealer.seal(
            tx,
            token,
            event_id=event_id,
            purpose=SealPurpose.RESET_LINK,
            recipient=holder.email,
            expires_at=link.expires_at,
        )
        return NewLink(
            link=link, life_minutes=holder.life_minutes, event_id=event_id, sealed=sealed
        )
