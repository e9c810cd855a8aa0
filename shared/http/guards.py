"""Guards: who may call a verb, decided before any feature sees the request."""

from datetime import datetime
from typing import Protocol, assert_never

from shared.access import Anonymous, Caller, ClientCaller, SessionCaller
from shared.http.problems import ScopeMissing, Unauthenticated
from shared.http.routes import Client, Guard, Public, Session


class TokenChecker(Protocol):
    """shared.access.AccessTokens, as far as a guard needs it."""

    async def check(self, token: str, *, now: datetime) -> SessionCaller | ClientCaller: ...


async def admit(
    guard: Guard, authorization: str | None, tokens: TokenChecker, *, now: datetime
) -> Caller:
    """Return who calls. Raises Unauthenticated, ScopeMissing, and what the checker raises."""
    if isinstance(guard, Public):
        return Anonymous()
    caller = await tokens.check(bearer(authorization), now=now)
    match guard:
        case Session():
            if not isinstance(caller, SessionCaller):
                raise ScopeMissing
        case Client():
            if not isinstance(caller, ClientCaller) or guard.scope not in caller.scopes:
                raise ScopeMissing
            if guard.practice and caller.practice_id is None:
                raise ScopeMissing
        case _:
            assert_never(guard)
    return caller


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
            return "anonymous"
        case _:
            assert_never(caller)
