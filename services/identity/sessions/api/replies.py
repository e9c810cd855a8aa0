"""The reply that log-on, refresh and reset share."""

from typing import Literal

from services.identity.sessions.model import GateName
from services.identity.sessions.sessions import SessionTokens
from shared.contracts.ids import SessionId
from shared.http.routes import Reply


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
