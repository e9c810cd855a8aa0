"""Grants: authority carried by the client, a signed JWT of at most 10 minutes, spent once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from shared import ciphers, signed
from shared.contracts.ids import AccountId
from shared.contracts.keys import KeyPurpose
from shared.db import Connection
from shared.errors import Refused
from shared.keys import good_for
from shared.own_keys import OwnKeys
from shared.public_keys import PublicKeys

TYPE = "portico-grant+jwt"
LONGEST = timedelta(minutes=10)


class Act(StrEnum):
    """What a grant allows its bearer to have done."""

    PASSWORD_SET = "password.set"  # noqa: S105 - an act, not a password


MAY_ISSUE: Mapping[Act, frozenset[str]] = MappingProxyType(
    {Act.PASSWORD_SET: frozenset({"recovery"})}
)
"""Which services' signature is worth anything for which act."""


class GrantInvalid(Refused):
    """Not one of ours, expired, of the wrong kind or for another service."""


class GrantUsed(Refused):
    """Its `jti` was spent before."""


class GrantSuperseded(Refused):
    """The account's credentials changed since the proof began: begin again. Nothing is used up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A checked grant. `jti` is the proof's id, `security_version` the one known as it began."""

    jti: str
    issuer: str
    act: Act
    account_id: AccountId
    security_version: int
    route: str  # how it was proven: "link", ...
    expires_at: datetime


class GrantClaims(signed.Claims, frozen=True, kw_only=True):
    """`sub` is the account, `sv` its security version as the proof began."""

    act: Act
    sv: int
    route: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantIssuer:
    """Signs with the newest usable signing key of this service."""

    issuer: str  # this service's, in full
    own_keys: OwnKeys

    async def issue(
        self,
        *,
        jti: str,
        act: Act,
        audience: tuple[str, ...],
        account_id: AccountId,
        security_version: int,
        route: str,
        now: datetime,
        expires_at: datetime,
    ) -> str:
        """Sign a grant; its life is the shorter of `expires_at` and ten minutes."""
        if self.issuer.rpartition("/")[2] not in MAY_ISSUE[act]:
            raise ValueError(f"{self.issuer} may not issue {act}")
        key = await self.own_keys.current(KeyPurpose.SIGNING, now)
        claims = GrantClaims(
            iss=self.issuer,
            sub=str(account_id),
            aud=audience,
            jti=jti,
            iat=signed.numeric_date(now),
            exp=signed.numeric_date(min(expires_at, now + LONGEST)),
            act=act,
            sv=security_version,
            route=route,
        )
        return signed.sign(
            claims, typ=TYPE, kid=key.public.kid, key=ciphers.signing_key(key.private)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantChecker:
    """Checks what another service has proven, and lets each proof through once."""

    issuer: str  # the prefix that all services share
    service: str  # the one that redeems here
    public_keys: PublicKeys

    async def check(self, token: str, *, act: Act, now: datetime) -> Grant:
        """Check type, algorithm, key, issuer's right to this act, audience and times.

        Raises GrantInvalid; CatchingUp where the key is unknown. Spends nothing.
        """
        trusted = {f"{self.issuer}/{service}" for service in MAY_ISSUE[act]}
        try:
            unverified = signed.inspect(token, typ=TYPE)
            if unverified.issuer not in trusted:
                raise GrantInvalid
            key = await self.public_keys.find(unverified.issuer, unverified.kid)
            if not good_for(key, KeyPurpose.SIGNING, now):
                raise GrantInvalid
            claims = signed.verify(
                token,
                GrantClaims,
                typ=TYPE,
                issuer=unverified.issuer,
                audience=f"{self.issuer}/{self.service}",
                key=ciphers.verifying_key(key.raw),
                now=now,
                longest=LONGEST,
            )
            return self._grant(claims, act)
        except (signed.SignedInvalid, ValueError) as error:
            raise GrantInvalid from error

    async def spend(self, tx: Connection, grant: Grant, *, now: datetime) -> None:
        """Record the jti in the transaction of its effect. Raises GrantUsed for all but one.

        A racer waits here for the first one's commit; where that rolls back, it goes through.
        """
        spent = await tx.fetchval(
            "INSERT INTO spent_grants (issuer, jti, act, spent_at) VALUES ($1, $2, $3, $4)"
            " ON CONFLICT (issuer, jti) DO NOTHING RETURNING jti",
            grant.issuer,
            grant.jti,
            grant.act,
            now,
        )
        if spent is None:
            raise GrantUsed

    def _grant(self, claims: GrantClaims, act: Act) -> Grant:
        if claims.act is not act:
            raise GrantInvalid
        return Grant(
            jti=claims.jti,
            issuer=claims.iss,
            act=claims.act,
            account_id=AccountId(UUID(claims.sub)),
            security_version=claims.sv,
            route=claims.route,
            expires_at=claims.expires_at,
        )
