"""Clients' access tokens by OAuth 2.0 client credentials (ST-1, RFC 6749 4.4)."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hmac import compare_digest
from urllib.parse import unquote_plus
from uuid import UUID

from services.identity.actions import Action
from services.identity.practices.errors import (
    GrantTypeUnsupported,
    InvalidScope,
    InvalidTarget,
    TwoAuthentications,
)
from services.identity.practices.model import Client
from services.identity.practices.practices import CLIENT_SECRET
from services.identity.practices.store import clients
from shared.acts import Acts, By
from shared.contracts.reach import Service
from shared.db import Connection
from shared.http.parsing import canonical_uuid
from shared.http.problems import InvalidClient
from shared.trust.access import LIFE_SECONDS, AccessTokenIssuer, ClientCaller, TokenSet
from shared.trust.tokens import Digests

GRANT_TYPE = "client_credentials"


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """A client's id and secret as they came."""

    client_id: str
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientToken:
    access_tokens: TokenSet
    expires_in: int
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientTokens:
    acts: Acts
    digests: Digests
    issuer: AccessTokenIssuer

    async def obtain(
        self,
        presented: Presented | None,
        *,
        grant_type: str,
        scope: str | None,
        resource: Sequence[str],
        by: By,
    ) -> ClientToken:
        """Give a token for the scopes asked for, or for all there are, or one a service.

        Raises InvalidClient, InvalidScope, InvalidTarget, GrantTypeUnsupported.
        """
        async with self.acts.begin(by, Action.OBTAIN_CLIENT_TOKEN, client=_id(presented)) as act:
            client = await self._authenticate(act.tx, presented, act.now)
            if grant_type != GRANT_TYPE:
                raise GrantTypeUnsupported
            scopes, services = _granted(client, scope), _named(resource)
            act.about(practice=client.practice_id)
        caller = ClientCaller(client_id=client.id, practice_id=client.practice_id, scopes=scopes)
        tokens = await self.issuer.for_each(
            services,
            lambda audience: self.issuer.for_client(replace(caller, audience=audience), now=by.now),
        )
        return ClientToken(
            access_tokens=tokens,
            expires_in=LIFE_SECONDS,
            scopes=scopes,
        )

    async def authenticate(self, authorization: str, *, now: datetime) -> ClientCaller:
        """Let a client in by its Basic credentials, with all its scopes. Raises InvalidClient."""
        async with self.acts.database.connection() as connection:
            client = await self._authenticate(connection, _basic(authorization), now)
        return ClientCaller(
            client_id=client.id, practice_id=client.practice_id, scopes=client.scopes
        )

    async def _authenticate(
        self, tx: Connection, presented: Presented | None, now: datetime
    ) -> Client:
        if presented is None:
            raise InvalidClient
        client = await clients.find(tx, presented.client_id)
        digest = self.digests.of(CLIENT_SECRET, presented.secret)
        if client is None or not _is_secret_of(client, digest, now):
            raise InvalidClient(_id(presented))
        return client


def _is_secret_of(client: Client, digest: bytes, now: datetime) -> bool:
    """The secret before goes on until its time is over; a revoked client has none."""
    if client.revoked_at is not None:
        return False
    former = client.former_digest
    if former and client.former_until and now < client.former_until:
        return compare_digest(digest, client.secret_digest) | compare_digest(digest, former)
    return compare_digest(digest, client.secret_digest)


def _id(presented: Presented | None) -> UUID | None:
    """Our ids are UUIDs; anything else is a stranger's text, no matter for audit or budget."""
    return canonical_uuid(presented.client_id) if presented else None


def _granted(client: Client, scope: str | None) -> frozenset[str]:
    asked = frozenset(scope.split()) if scope else client.scopes
    if not asked or not asked <= client.scopes:
        raise InvalidScope
    return asked


def _named(resource: Sequence[str]) -> tuple[Service, ...]:
    try:
        return tuple(Service(name) for name in resource)
    except ValueError:
        raise InvalidTarget from None


def presented_by(
    authorization: str | None, client_id: str | None, client_secret: str | None
) -> Presented | None:
    """Read the client's authentication from the header or from the body, never from both.

    None where there is none, or none that can be read. Raises TwoAuthentications.
    """
    if authorization is None:
        if client_id is None or client_secret is None:
            return None
        return Presented(client_id=client_id, secret=client_secret)
    if client_secret is not None:
        raise TwoAuthentications
    found = _basic(authorization)
    if found is not None and client_id not in (None, found.client_id):
        raise TwoAuthentications
    return found


def _basic(authorization: str) -> Presented | None:
    """RFC 6749 2.3.1: id and secret are form-encoded inside the Basic pair."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    client_id, colon, secret = pair.partition(":")
    if not colon or "\0" in unquote_plus(client_id):
        return None
    return Presented(client_id=unquote_plus(client_id), secret=unquote_plus(secret))
