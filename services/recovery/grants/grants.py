"""A way back ends here: the grant with which one new password can be set at identity."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.recovery.grants.model import ENDS, Ends, Proven
from shared.http.routes import Reply
from shared.trust.grants import GrantAct, GrantIssuer

LIFE = timedelta(minutes=10)


class RecoveryGrant(Reply, frozen=True, kw_only=True):
    """For identity's `reset_password`, which takes it once; seconds are counted from now.

    `username` is for a password manager to keep the new password with. `ends` is where the reset
    leads: `home`, a session, or `log-on`, none.
    """

    grant: str
    expires_in: int
    username: str
    ends: Ends


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordGrants:
    issuer: GrantIssuer
    redeemer: str  # identity's `iss`: the one audience of these grants

    async def give(self, proven: Proven, *, now: datetime) -> RecoveryGrant:
        """Sign the grant of a proof; nothing is used up, so it may be given again."""
        expires_at = min(proven.expires_at, now + LIFE)
        grant = await self.issuer.issue(
            jti=str(proven.id),
            act=GrantAct.PASSWORD_SET,
            audience=(self.redeemer,),
            subject=proven.account_id,
            security_version=proven.security_version,
            route=proven.route,
            now=now,
            expires_at=expires_at,
        )
        return RecoveryGrant(
            grant=grant,
            expires_in=int((expires_at - now).total_seconds()),
            username=proven.username,
            ends=ENDS[proven.route],
        )
