"""RC-3, the link: fetched as a grant while it lives, used up only by a new password at identity."""

from dataclasses import dataclass
from uuid import UUID

from services.recovery.actions import Action
from services.recovery.errors import LinkInvalid
from services.recovery.grants import PasswordGrant, PasswordGrants
from services.recovery.model import RESET_LINK
from services.recovery.store import links as store
from shared.acts import Acts, By
from shared.contracts.envelope import Received
from shared.contracts.identity import PasswordReset, PasswordResetByLink
from shared.db import Connection
from shared.messaging.subscriptions import Undeliverable
from shared.trust.tokens import Digests


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    acts: Acts
    digests: Digests
    grants: PasswordGrants

    async def redeem(self, token: str, *, by: By) -> PasswordGrant:
        """Give the grant of a live link; nothing is used up, so it may be fetched again.

        Each grant of a link has the link's id as its jti: identity spends one of them at most.
        Raises LinkInvalid, the same for every cause.
        """
        digest = RESET_LINK.digest(self.digests, token)
        async with self.acts.begin(by, Action.REDEEM_LINK) as act:
            link = await store.find_live(act.tx, digest, now=act.now)
            if link is None:
                raise LinkInvalid
            act.about(account=link.account_id)
        return await self.grants.give(link, now=by.now)

    async def tidy_up(
        self, tx: Connection, event: Received[PasswordReset] | Received[PasswordResetByLink]
    ) -> None:
        """Mark the link or token used by which a password was set. Nothing depends on it.

        Identity refuses the grant's second use and, by the security version, every older one.
        """
        try:
            proof_id = UUID(event.data.proof_id)
        except ValueError:
            raise Undeliverable("proof_id is no id") from None
        await store.use(tx, proof_id, at=event.data.occurred_at)
