"""Guards: who may call a verb, decided before any feature sees the request."""

from datetime import datetime
from typing import Protocol, assert_never

from shared.access import Anonymous, Caller, ClientCaller, SessionCaller
from shared.audit import ANONYMOUS
from shared.errors import Unauthenticated
from shared.http.problems import ScopeMissing
from shared.http.routes import Client, Guard, Public, Session


class TokenChecker(Protocol):
    """shared.access.AccessTokens, as far as a guard needs it."""

    async def check(self, token: str, *, now: datetime) -> SessionCaller | ClientCaller: ...


class ClientChecker(Protocol):
    """Who knows clients by their Basic credentials. Raises InvalidClient."""

    async def authenticate(self, authorization: str, *, now: datetime) -> ClientCaller: ...


async def identify(
    guard: Guard,
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


def permit(guard: Guard, caller: Caller) -> None:
    """Raise ScopeMissing where the guard is not for this caller."""
    match guard:
        case Public():
            return
        case Session():
            permitted = isinstance(caller, SessionCaller)
        case Client():
            permitted = (
                isinstance(caller, ClientCaller)
                and guard.scope in caller.scopes
                and not (guard.practice and caller.practice_id is None)
            )
        case _:
            assert_never(guard)
    if not permitted:
        raise ScopeMissing


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
