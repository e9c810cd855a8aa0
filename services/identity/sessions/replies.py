"""The reply that log-on, refresh and reset share."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from msgspec import UNSET, UnsetType

from services.identity.sessions.reach import Gate, GateName, Means, Standing, gates
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


def gate_replies(standing: Standing) -> tuple[GateReply, ...]:
    """Shape the gates that are open where a session stands."""
    return tuple(map(_reply, gates(standing)))


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
