"""A password reset, by a grant that recovery gave (RC-3 to RC-6)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import UNSET, UnsetType
from msgspec.structs import asdict

from services.identity.fields import Typed
from services.identity.log_on.features import Features
from services.identity.sessions.api.bodies import OpeningBody
from services.identity.sessions.replies import GateReply
from shared.contracts.ids import SessionId
from shared.contracts.reach import Service, SessionScope
from shared.http.routes import Call, Reply
from shared.trust.access import Anonymous


class Ends(StrEnum):
    """Where its holder stands once the password is set, as her grant said."""

    HOME = "home"
    LOG_ON = "log-on"


class ResetBody(OpeningBody, frozen=True, kw_only=True):
    grant: Typed
    new_password: Typed


class ResetReply(Reply, frozen=True, kw_only=True):
    """A session as a log-on answers it, where the reset `ends` at `home`; at `log-on` there is
    none, and the new password is given there first (RC-6).
    """

    ends: Ends
    session_id: SessionId | UnsetType = UNSET
    access_token: str | UnsetType = UNSET
    access_tokens: Mapping[Service, str] | UnsetType = UNSET
    token_type: str | UnsetType = UNSET
    expires_in: int | UnsetType = UNSET
    refresh_token: str | UnsetType = UNSET
    idle_seconds: int | UnsetType = UNSET
    ends_at: datetime | UnsetType = UNSET
    scope: SessionScope | UnsetType = UNSET
    gates: tuple[GateReply, ...] | UnsetType = UNSET
    device: str | UnsetType = UNSET


async def reset_password(features: Features, call: Call[ResetBody, Anonymous]) -> ResetReply:
    tokens = await features.resets.reset(
        call.body.grant,
        call.body.new_password,
        device=call.body.device,
        described=call.body.described,
        resource=call.body.resource,
        by=call.by,
    )
    if tokens is None:
        return ResetReply(ends=Ends.LOG_ON)
    return ResetReply(ends=Ends.HOME, **asdict(tokens))
