"""What every way back ends in: a grant with which one new password can be set at identity."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from shared.contracts.identity import ResetRoute
from shared.contracts.ids import AccountId
from shared.trust.grants import GrantAct, GrantIssuer

LIFE = timedelta(minutes=10)


class Ends(StrEnum):
    """Where its holder stands once the password is set."""

    HOME = "home"  #: in a session, with its second step first
    LOG_ON = "log-on"  #: RC-6: nowhere yet; she logs on with it


ENDS: Mapping[ResetRoute, Ends] = MappingProxyType(
    {
        ResetRoute.LINK: Ends.HOME,
        ResetRoute.QUESTIONS: Ends.HOME,
        ResetRoute.PRACTICE_TOKEN: Ends.HOME,
        ResetRoute.VALIDATION: Ends.LOG_ON,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """Somebody has proven to be the holder of an account, as far as her route demands it.

    `id` is the proof's: each of its grants has it as jti, so identity spends one of them at most.
    `security_version` is the one known as the proof began, so that a change since voids it.
    """

    id: UUID
    route: ResetRoute
    account_id: AccountId
    username: str
    security_version: int
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordGrant:
    """Authority to set one new password, for so many seconds; the username is for who keeps it
    with the password.
    """

    grant: str
    expires_in: int
    username: str
    ends: Ends


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordGrants:
    issuer: GrantIssuer
    redeemer: str  # identity's `iss`: the one audience of these grants

    async def give(self, proven: Proven, *, now: datetime) -> PasswordGrant:
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
        return PasswordGrant(
            grant=grant,
            expires_in=int((expires_at - now).total_seconds()),
            username=proven.username,
            ends=ENDS[proven.route],
        )
