"""Access tokens (RFC 9068): minted by identity, checked offline by every service (SE-1)."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Protocol
from uuid import UUID

from shared.contracts.ids import AccountId, PracticeId, SessionId
from shared.contracts.keys import KeyPurpose
from shared.contracts.reach import Service, SessionScope
from shared.errors import Expected, Unauthenticated
from shared.randomness import Randomness
from shared.trust import ciphers, signed
from shared.trust.keys import KeyUnknown, good_for
from shared.trust.own_keys import OwnKeys
from shared.trust.public_keys import PublicKeys

TYPE = "at+jwt"
AUDIENCE = "portico"  # all four services; a token for one of them names that one alone
PORTAL = "portal"  # the client of every person's session
LIFE_SECONDS = 300
YOUNG = timedelta(seconds=30)  # a token this young is taken while the sessions stream is quiet


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCaller:
    """A person with a session. `issued_at` keeps microseconds: a not-before cuts between tokens."""

    account_id: AccountId
    session_id: SessionId
    account_version: int  # the account's aggregateversion (reading one's own writes)
    scope: SessionScope
    auth_time: datetime  # when a password opened the session, or a reset (SE-3)
    issued_at: datetime
    expires_at: datetime
    audience: str = AUDIENCE
    gate: str = ""  # the required one that it stands at, whose own verbs it has (LG-3)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCaller:
    """A practice system or a gateway, by client credentials (ST-1)."""

    client_id: str
    practice_id: PracticeId | None  # None: a gateway's client
    scopes: frozenset[str]  # as the token says: a newer identity may know more of them
    audience: str = AUDIENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeCaller(ClientCaller):
    """A client of a practice: the practice is the caller's own, never one that a body names."""

    practice_id: PracticeId


@dataclass(frozen=True, slots=True, kw_only=True)
class Anonymous:
    """Nobody has proven anything."""


Caller = SessionCaller | ClientCaller | Anonymous


class AccessTokenInvalid(Unauthenticated):
    """Not a token of ours, expired, or of an ended session. Told as if there were none."""

    code = Unauthenticated.code
    cause = "access_token_invalid"


class TokenStale(Expected):
    """The sessions stream has gone quiet and this token is older than 30 s: refresh at identity.

    It is no refusal, and leaves no row: it is our stream that is quiet.
    """

    status = Unauthenticated.status
    code = "token_stale"
    oauth_error = Unauthenticated.oauth_error
    title = "This access token must be renewed"
    hint = "Refresh the session at identity and send the new access token."


class _AccessClaims(signed.Claims, frozen=True, kw_only=True, omit_defaults=True):
    """With `sid` it is a person's token (`sub` the account), without it a client's.

    A person's of before `scope` is a full one, and of before `auth_time` nobody vouches with it.
    """

    client_id: str
    sid: UUID | None = None
    av: int = 0  # the account's aggregateversion
    auth_time: float = 0  # as in an ID token (OpenID Connect Core 2)
    scope: str = ""  # a client's scopes, or the one of a session
    gate: str = ""  # a session's, where one is open
    practice_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSet:
    """What a client is handed. RFC 6749 wants one `access_token` in every reply: the first."""

    first: str
    each: Mapping[Service, str]  # empty: `first` is for all four services


def audience(issuer: str, service: str) -> str:
    """Name one service as the audience of tokens; `issuer` is the prefix that all share."""
    return f"{issuer}/{service}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessTokenIssuer:
    """Identity's: signs with its newest usable signing key, for the caller's audience."""

    issuer: str  # identity's, in full
    own_keys: OwnKeys
    randomness: Randomness

    async def for_session(self, caller: SessionCaller) -> str:
        """`caller` names the times: identity's row of the session has the same."""
        claims = _AccessClaims(
            iss=self.issuer,
            sub=str(caller.account_id),
            aud=(caller.audience,),
            jti=self.randomness.token(16),
            iat=signed.numeric_date(caller.issued_at),
            exp=signed.numeric_date(caller.expires_at),
            client_id=PORTAL,
            sid=caller.session_id,
            av=caller.account_version,
            auth_time=signed.numeric_date(caller.auth_time),
            scope=caller.scope,
            gate=caller.gate,
        )
        return await self._sign(claims, caller.issued_at)

    async def for_client(self, caller: ClientCaller, *, now: datetime) -> str:
        """Five minutes, for these scopes."""
        claims = _AccessClaims(
            iss=self.issuer,
            sub=caller.client_id,
            aud=(caller.audience,),
            jti=self.randomness.token(16),
            iat=signed.numeric_date(now),
            exp=signed.numeric_date(now + timedelta(seconds=LIFE_SECONDS)),
            client_id=caller.client_id,
            scope=" ".join(sorted(caller.scopes)),
            practice_id=caller.practice_id,
        )
        return await self._sign(claims, now)

    async def for_each(
        self, resource: Sequence[Service], sign: Callable[[str], Awaitable[str]]
    ) -> TokenSet:
        """Have one token signed for all services, or one for each that is named (SE-4)."""
        if not resource:
            return TokenSet(first=await sign(AUDIENCE), each={})
        prefix = self.issuer.rpartition("/")[0]
        each = {service: await sign(audience(prefix, service)) for service in resource}
        return TokenSet(first=each[resource[0]], each=each)

    async def _sign(self, claims: _AccessClaims, now: datetime) -> str:
        key = await self.own_keys.current(KeyPurpose.SIGNING, now)
        return signed.sign(claims, typ=TYPE, kid=key.public.kid, key=key.signing)


class SessionGuard(Protocol):
    """Says whether a session still lives; identity asks its own table, the others the stream."""

    async def check(self, caller: SessionCaller, *, now: datetime) -> None:
        """Raises AccessTokenInvalid, TokenStale."""


class EndedSessions(Protocol):
    """What a replica has heard on the stream of ended sessions (shared.sessions)."""

    def is_void(self, session_id: SessionId, issued_at: datetime) -> bool:
        """Whether an entry makes this session's token of that moment void."""

    def fresh(self) -> bool:
        """Whether the last beat is younger than 2 s."""


@dataclass(frozen=True, slots=True)
class StreamGuard:
    """While the stream is quiet only young tokens are taken: an end may not have been heard."""

    ended: EndedSessions

    async def check(self, caller: SessionCaller, *, now: datetime) -> None:
        """Raises AccessTokenInvalid, TokenStale."""
        if self.ended.is_void(caller.session_id, caller.issued_at):
            raise AccessTokenInvalid
        if not self.ended.fresh() and now - caller.issued_at > YOUNG:
            raise TokenStale


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessTokens:
    """Checks a bearer token offline: signature, type, audience, times, and the ended sessions."""

    issuer: str  # the prefix that all services share
    service: str  # the one that is asked
    public_keys: PublicKeys
    sessions: SessionGuard

    async def check(self, token: str, *, now: datetime) -> SessionCaller | ClientCaller:
        """Take a token that is good here: one for another service may be stolen from there.

        Raises AccessTokenInvalid, TokenStale, CatchingUp.
        """
        here = audience(self.issuer, self.service)
        return await self._checked(token, (AUDIENCE, here), now)

    async def inspect(self, token: str, *, now: datetime) -> SessionCaller | ClientCaller:
        """Read a token whichever service it is good at (RFC 7662). Raises as `check`."""
        everywhere = (audience(self.issuer, service) for service in Service)
        return await self._checked(token, (AUDIENCE, *everywhere), now)

    async def _checked(
        self, token: str, audiences: Collection[str], now: datetime
    ) -> SessionCaller | ClientCaller:
        issuer = f"{self.issuer}/identity"
        try:
            unverified = signed.inspect(token, typ=TYPE)
            if unverified.issuer != issuer:
                raise AccessTokenInvalid
            key = await self.public_keys.find(issuer, unverified.kid)
            if not good_for(key, KeyPurpose.SIGNING, now):
                raise AccessTokenInvalid
            claims = signed.verify(
                token,
                _AccessClaims,
                typ=TYPE,
                issuer=issuer,
                audiences=audiences,
                key=ciphers.verifying_key(key.raw),
                now=now,
                longest=timedelta(seconds=LIFE_SECONDS),
            )
            caller = _caller(claims)
        except (signed.SignedInvalid, KeyUnknown, ValueError) as error:
            raise AccessTokenInvalid from error
        if isinstance(caller, SessionCaller):
            await self.sessions.check(caller, now=now)
        return caller


@lru_cache(maxsize=signed.REMEMBERED)
def _caller(claims: _AccessClaims) -> SessionCaller | ClientCaller:
    if claims.sid is None:
        return ClientCaller(
            client_id=claims.client_id,
            practice_id=PracticeId(claims.practice_id) if claims.practice_id else None,
            scopes=frozenset(claims.scope.split()),
            audience=claims.aud[0],
        )
    return SessionCaller(
        account_id=AccountId(UUID(claims.sub)),
        session_id=SessionId(claims.sid),
        account_version=claims.av,
        scope=SessionScope(claims.scope or SessionScope.FULL),
        auth_time=signed.from_numeric_date(claims.auth_time),
        issued_at=claims.issued_at,
        expires_at=claims.expires_at,
        audience=claims.aud[0],
        gate=claims.gate,
    )
