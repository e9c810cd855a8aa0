"""RC-3, the link: fetched as a grant while it lives, used up only by a new password at identity."""

from dataclasses import dataclass

from services.recovery.actions import Action
from services.recovery.grants.grants import PasswordGrants, RecoveryGrant
from services.recovery.links.errors import LinkInvalid
from services.recovery.links.model import RESET_LINK
from services.recovery.links.store import links as store
from shared.acts import Acts, By
from shared.trust.tokens import Digests


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    acts: Acts
    digests: Digests
    grants: PasswordGrants

    async def redeem(self, token: str, *, by: By) -> RecoveryGrant:
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
