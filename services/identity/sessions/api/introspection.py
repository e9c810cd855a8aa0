"""Introspection (RFC 7662) and the keys that access tokens are signed with (RFC 7517)."""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta

from services.identity.practices.api.client_tokens import BEARER, Text
from services.identity.sessions.features import Features
from services.identity.sessions.reach import Area, AreaState, Sight, areas
from services.identity.sessions.replies import GateReply, gate_replies
from shared.contracts.ids import PatientId, PracticeId, SessionId
from shared.contracts.keys import KeyPurpose, PublicKey
from shared.http.routes import Body, Call, NoBody, Reply
from shared.randomness import base64url
from shared.trust.access import AccessTokenInvalid, Anonymous, ClientCaller, SessionCaller

KEPT_SECONDS = 120  # a following key is known long before its use, a revoked one soon gone


class IntrospectionBody(Body, frozen=True, kw_only=True):
    token: Annotated[str, Meta(max_length=4096)]
    token_type_hint: Text | None = None


class SeenReply(Reply, frozen=True, kw_only=True):
    """A practice's patient record, and of each area whether it is open, or why not (SE-4)."""

    practice_id: PracticeId
    patient_id: PatientId
    areas: Mapping[Area, AreaState]


class IntrospectionReply(Reply, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 7662 2.2: of a token that is not active nothing else is told.

    `scope` is what a session may do, or the scopes of a client. `auth_time` is when a password
    opened the session, or a reset. `gates` and `practices` are what it sees in this second.
    """

    active: bool
    token_type: Literal["Bearer"] | None = None
    sub: str | None = None  # an account, or a client
    sid: SessionId | None = None
    aud: str | None = None  # one service, or all four by one name
    client_id: str | None = None
    practice_id: PracticeId | None = None
    scope: str | None = None
    auth_time: int | None = None
    iat: int | None = None
    exp: int | None = None
    gates: tuple[GateReply, ...] | None = None
    practices: tuple[SeenReply, ...] | None = None


class SigningKey(Reply, frozen=True, kw_only=True):
    """A JSON Web Key (RFC 8037)."""

    kid: str
    x: str
    kty: Literal["OKP"] = "OKP"
    crv: Literal["Ed25519"] = "Ed25519"
    alg: Literal["EdDSA"] = "EdDSA"
    use: Literal["sig"] = "sig"


class SigningKeysReply(Reply, frozen=True, kw_only=True):
    keys: tuple[SigningKey, ...]


async def introspect_token(
    features: Features, call: Call[IntrospectionBody, ClientCaller]
) -> IntrospectionReply:
    try:
        found = await features.tokens.inspect(call.body.token, now=call.now)
    except AccessTokenInvalid:
        return IntrospectionReply(active=False)
    return introspected_client(found) if isinstance(found, ClientCaller) else introspected(*found)


async def list_signing_keys(features: Features, call: Call[NoBody, Anonymous]) -> SigningKeysReply:
    keys = await features.own_keys.public()
    return SigningKeysReply(
        keys=tuple(_signing_key(key) for key in keys if key.purpose is KeyPurpose.SIGNING)
    )


def introspected(caller: SessionCaller, sight: Sight) -> IntrospectionReply:
    return IntrospectionReply(
        active=True,
        token_type=BEARER,
        sub=str(caller.account_id),
        sid=caller.session_id,
        aud=caller.audience,
        scope=caller.scope,
        auth_time=int(caller.auth_time.timestamp()) or None,  # 0: of before it was told
        iat=int(caller.issued_at.timestamp()),
        exp=int(caller.expires_at.timestamp()),
        gates=gate_replies(sight.standing),
        practices=tuple(
            SeenReply(
                practice_id=each.practice_id,
                patient_id=each.patient_id,
                areas=areas(each, sight.standing),
            )
            for each in sight.practices
        ),
    )


def introspected_client(caller: ClientCaller) -> IntrospectionReply:
    return IntrospectionReply(
        active=True,
        token_type=BEARER,
        sub=caller.client_id,
        aud=caller.audience,
        client_id=caller.client_id,
        practice_id=caller.practice_id,
        scope=" ".join(sorted(caller.scopes)),
    )


def _signing_key(key: PublicKey) -> SigningKey:
    return SigningKey(kid=key.kid, x=base64url(key.raw))
