"""A client's token (RFC 6749, client credentials)."""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from services.identity.practices.client_tokens import presented_by
from services.identity.practices.features import Features
from shared.contracts.reach import Service
from shared.http.routes import Body, Call, Reply
from shared.trust.access import Anonymous

BEARER: Literal["Bearer"] = "Bearer"
Text = Annotated[str, Meta(max_length=200)]


class ClientTokenBody(Body, frozen=True, kw_only=True):
    """The client's id and secret stand here or in a Basic header, not in both.

    `resource` may stand several times (RFC 8707): the services to get a token for, one each.
    """

    grant_type: Text
    scope: Annotated[str, Meta(max_length=1000)] | None = None
    resource: Annotated[tuple[Text, ...], Meta(max_length=len(Service))] = ()
    client_id: Text | None = None
    client_secret: Text | None = None


class ClientTokenReply(Reply, frozen=True, kw_only=True):
    """`access_tokens` is there with `resource`: by service, and `access_token` is the first."""

    access_token: str
    access_tokens: Mapping[Service, str] | UnsetType = UNSET
    token_type: Literal["Bearer"] = BEARER
    expires_in: int
    scope: str


async def obtain_client_token(
    features: Features, call: Call[ClientTokenBody, Anonymous]
) -> ClientTokenReply:
    body = call.body
    token = await features.client_tokens.obtain(
        presented_by(call.authorization, body.client_id, body.client_secret),
        grant_type=body.grant_type,
        scope=body.scope,
        resource=body.resource,
        by=call.by,
    )
    return ClientTokenReply(
        access_token=token.access_tokens.first,
        access_tokens=token.access_tokens.each or UNSET,
        expires_in=token.expires_in,
        scope=" ".join(sorted(token.scopes)),
    )
