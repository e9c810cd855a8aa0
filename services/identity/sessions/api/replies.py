"""The reply that log-on, refresh and reset share."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from msgspec import UNSET, UnsetType

from services.identity.sessions.reach import Gate, GateName, Means, Standing, gates
from services.identity.sessions.sessions import SessionTokens
from shared.contracts.identity import TwoStepMode
from shared.contracts.ids import SessionId
from shared.contracts.reach import Service, SessionScope
from shared.http.routes import Reply


class GateReply(Reply, frozen=True, kw_only=True):
    """Of the second step: when it is asked for, what a code can come from, and whether `trust` is
    offered with it (MF-3).
    """

    name: GateName
    required: bool
    mode: TwoStepMode | UnsetType = UNSET
    means: tuple[Means, ...] | UnsetType = UNSET
    trust_offered: bool | UnsetType = UNSET


class SessionReply(Reply, frozen=True, kw_only=True):
    """`gates` are the steps still open, in the order they are to be taken (LG-3); `scope` is what
    the session may do before and behind them (SE-4).

    Without a refresh it is over in `idle_seconds`, and with however many at `ends_at`: time enough
    to ask its holder whether she is still there (WCAG 2.2.1).

    `access_tokens` is there with `resource`: by service, and `access_token` is the first of them.
    `device` is the secret of a new device, told this once: whoever keeps it brings it along the
    next time (MF-2).
    """

    session_id: SessionId
    access_token: str
    access_tokens: Mapping[Service, str] | UnsetType = UNSET
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the scheme, not a token
    expires_in: int
    refresh_token: str
    idle_seconds: int
    ends_at: datetime
    scope: SessionScope
    gates: tuple[GateReply, ...]
    device: str | UnsetType = UNSET


def session_reply(tokens: SessionTokens) -> SessionReply:
    """Shape a session's new tokens."""
    return SessionReply(
        session_id=tokens.session_id,
        access_token=tokens.access_tokens.first,
        access_tokens=tokens.access_tokens.each or UNSET,
        expires_in=tokens.expires_in,
        refresh_token=tokens.refresh_token,
        idle_seconds=tokens.idle_seconds,
        ends_at=tokens.ends_at,
        scope=tokens.scope,
        gates=_replies(tokens.gates),
        device=tokens.device or UNSET,
    )


def gate_replies(standing: Standing) -> tuple[GateReply, ...]:
    """Shape the gates that are open where a session stands."""
    return _replies(gates(standing))


def _replies(open_gates: Sequence[Gate]) -> tuple[GateReply, ...]:
    return tuple(map(_reply, open_gates))


def _reply(gate: Gate) -> GateReply:
    if gate.step is None:
        return GateReply(name=gate.name, required=gate.required)
    return GateReply(
        name=gate.name,
        required=gate.required,
        mode=gate.step.mode,
        means=gate.step.means,
        trust_offered=gate.step.trust_offered,
    )
