"""Log-on (LG-1), and the reply it shares with a refresh and a reset."""

from typing import Annotated, Literal

from msgspec import Meta

from services.identity.api.fields import Given
from services.identity.features import Features
from services.identity.session_model import GateName
from services.identity.sessions import SessionTokens
from shared.contracts.ids import SessionId
from shared.http.routes import Body, Call, Reply


class LogOnBody(Body, frozen=True, kw_only=True):
    """`name` is a username or the verified account e-mail."""

    name: Annotated[str, Meta(max_length=1024)]
    password: Given


class GateReply(Reply, frozen=True, kw_only=True):
    name: GateName
    required: bool


class SessionReply(Reply, frozen=True, kw_only=True):
    """`gates` are the steps still open, in the order they are to be taken (LG-3)."""

    session_id: SessionId
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the scheme, not a token
    expires_in: int
    refresh_token: str
    gates: tuple[GateReply, ...]


def session_reply(tokens: SessionTokens) -> SessionReply:
    """Shape a session's new tokens."""
    return SessionReply(
        session_id=tokens.session_id,
        access_token=tokens.access_token,
        expires_in=tokens.expires_in,
        refresh_token=tokens.refresh_token,
        gates=tuple(GateReply(name=gate.name, required=gate.required) for gate in tokens.gates),
    )


async def log_on(features: Features, call: Call[LogOnBody]) -> SessionReply:
    tokens = await features.log_on.log_on(
        call.body.name, call.body.password, origin=call.origin, now=call.now
    )
    return session_reply(tokens)
