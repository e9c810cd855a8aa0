"""RC-3, the link: fetched as a grant while it lives, used up only by a new password at identity."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.recovery.actions import Action
from services.recovery.errors import LinkInvalid
from services.recovery.model import RESET_LINK
from services.recovery.store import links as store
from shared.acts import Acts, By
from shared.contracts.envelope import Received
from shared.contracts.identity import PasswordReset, ResetRoute
from shared.contracts.ids import AccountId
from shared.db import Connection
from shared.messaging.subscriptions import Undeliverable
from shared.one_time import Secret
from shared.trust.grants import GrantAct, GrantIssuer
from shared.trust.tokens import Digests

GRANT_LIFE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemed:
    """What a link gives: authority to set one new password, for so many seconds."""

    grant: str
    expires_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    acts: Acts
    digests: Digests
    grants: GrantIssuer
    redeemer: str  # identity's `iss`: the one audience of these grants

    async def redeem(self, token: str, *, by: By) -> Redeemed:
        """Give the grant of a live link; nothing is used up, so it may be fetched again.

        Each grant of a link has the link's id as its jti: identity spends one of them at most.
        Raises LinkInvalid, the same for every cause.
        """
        digest = RESET_LINK.digest(self.digests, token)
        async with self.acts.begin(by, Action.REDEEM_LINK) as act:
            link = await store.find_live(act.tx, digest, now=act.now)
            if link is None:
                raise LinkInvalid
            act.about(account=AccountId(link.owner))
        return await self._grant(link, by.now)

    async def _grant(self, link: Secret, now: datetime) -> Redeemed:
        assert link.security_version is not None  # noqa: S101 - every link is made with one
        expires_at = min(link.expires_at, now + GRANT_LIFE)
        grant = await self.grants.issue(
            jti=str(link.id),
            act=GrantAct.PASSWORD_SET,
            audience=(self.redeemer,),
            subject=link.owner,
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
