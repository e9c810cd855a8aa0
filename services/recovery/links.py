"""RC-3, the link: fetched as a grant while it lives, used up only by a new password at identity."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.recovery.errors import LinkInvalid
from services.recovery.model import Link
from services.recovery.store import link_budgets
from services.recovery.store import links as store
from shared.audit import Audit, Origin
from shared.clock import Clock
from shared.contracts.envelope import Received
from shared.contracts.identity import PasswordReset, ResetRoute
from shared.db import Connection, Database
from shared.grants import Act, GrantIssuer
from shared.messaging.consumer import Undeliverable
from shared.tokens import Digests

TOKEN = "reset-link"  # noqa: S105 - what the digest is for
GRANT_LIFE = timedelta(minutes=10)
SWEEP = 500  # rows a statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemed:
    """What a link gives: authority to set one new password, for so many seconds."""

    grant: str
    expires_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    database: Database
    clock: Clock
    digests: Digests
    audit: Audit
    grants: GrantIssuer
    redeemer: str  # identity's `iss`: the one audience of these grants

    async def redeem(self, token: str, *, origin: Origin, now: datetime) -> Redeemed:
        """Give the grant of a live link; nothing is used up, so it may be fetched again.

        Each grant of a link has the link's id as its jti: identity spends one of them at most.
        Raises LinkInvalid, the same for every cause.
        """
        digest = self.digests.of(TOKEN, token)
        async with self.database.transaction() as tx:
            link = await store.find_live(tx, digest, now=now)
            await self.audit.record(
                tx,
                origin,
                action="reset-link.redeem",
                outcome="done" if link else "refused",
                subject=f"account:{link.account_id}" if link else None,
                detail=None if link else "link_invalid",
            )
        if link is None:
            raise LinkInvalid
        return await self._grant(link, now)

    async def _grant(self, link: Link, now: datetime) -> Redeemed:
        expires_at = min(link.expires_at, now + GRANT_LIFE)
        grant = await self.grants.issue(
            jti=str(link.id),
            act=Act.PASSWORD_SET,
            audience=(self.redeemer,),
            account_id=link.account_id,
            security_version=link.security_version,
            route=ResetRoute.LINK,
            now=now,
            expires_at=expires_at,
        )
        return Redeemed(grant=grant, expires_in=int((expires_at - now).total_seconds()))

    async def tidy_up(self, tx: Connection, event: Received[PasswordReset]) -> None:
        """Mark the link used by which a password was set. Nothing depends on it.

        Identity refuses the grant's second use and, by the security version, every older one.
        """
        try:
            link_id = UUID(event.data.proof_id)
        except ValueError:
            raise Undeliverable("proof_id is no link's id") from None
        await store.use(tx, link_id, at=event.data.occurred_at)

    async def sweep(self) -> int:
        """Delete a batch of expired links, and of budgets that count nothing any more."""
        now = self.clock.now()
        async with self.database.transaction() as tx:
            gone = await store.sweep(tx, now=now, limit=SWEEP)
            return gone + await link_budgets.sweep(tx, now=now, limit=SWEEP)
