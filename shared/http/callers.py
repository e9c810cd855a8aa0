"""Who calls, found before any feature sees the request, and how audit rows name them."""

from datetime import datetime
from typing import Protocol, assert_never

from shared.audit.entries import ANONYMOUS
from shared.errors import Unauthenticated
from shared.http.guards import AnyGuard, Client, Public
from shared.trust.access import Anonymous, Caller, ClientCaller, SessionCaller


class TokenChecker(Protocol):
    """shared.trust.access.AccessTokens, as far as a guard needs it."""

    async def check(self, token: str, *, now: datetime) -> SessionCaller | ClientCaller: ...


class ClientChecker(Protocol):
    """Who knows clients by their Basic credentials. Raises InvalidClient."""

    async def authenticate(self, authorization: str, *, now: datetime) -> ClientCaller: ...


async def identify(
    guard: AnyGuard,
    authorization: str | None,
    tokens: TokenChecker,
    clients: ClientChecker | None,
    *,
    now: datetime,
) -> Caller:
    """Return who calls. Raises Unauthenticated, InvalidClient, and what the checkers raise."""
    if isinstance(guard, Public):
        return Anonymous()
    if isinstance(guard, Client) and guard.basic and clients and is_basic(authorization):
        return await clients.authenticate(authorization or "", now=now)
    return await tokens.check(bearer(authorization), now=now)


def is_basic(authorization: str | None) -> bool:
    """Whether these are a client's id and secret."""
    return (authorization or "").partition(" ")[0].lower() == "basic"


def bearer(authorization: str | None) -> str:
    """Take the token of `Authorization: Bearer`. Raises Unauthenticated."""
    scheme, _, token = (authorization or "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or " " in token or not token.isascii():
        raise Unauthenticated
    return token


def actor_of(caller: Caller) -> str:
    """Name the caller as audit rows do."""
    match caller:
        case SessionCaller():
            return f"account:{caller.account_id}"
        case ClientCaller():
            return f"client:{caller.client_id}"
        case Anonymous():
            return ANONYMOUS
        case _:
            assert_never(caller)
