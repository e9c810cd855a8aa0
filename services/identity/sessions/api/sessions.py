"""Sessions: refreshed, listed and ended by their holder (SE-1)."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from services.identity.fields import Resource
from services.identity.practices.api.client_tokens import Text
from services.identity.sessions.api.bodies import DeviceSecret
from services.identity.sessions.features import Features
from services.identity.sessions.model import BegunBy
from services.identity.sessions.replies import SessionReply
from shared.contracts.ids import SessionId
from shared.http.routes import Body, Call, NoBody, NoReply, Reply
from shared.trust.access import Anonymous, SessionCaller


class RefreshBody(Body, frozen=True, kw_only=True):
    """`device` is the device's secret: with it a used token whose successor was never used is
    answered with that one, for then a reply got lost.
    """

    refresh_token: Annotated[str, Meta(max_length=200)]
    resource: Resource = ()
    device: DeviceSecret | None = None


class RevocationBody(Body, frozen=True, kw_only=True):
    """`token` is a refresh token, a used one too; the hint is not read, for there is one kind."""

    token: Annotated[str, Meta(max_length=4096)]
    token_type_hint: Text | None = None


class RevokedReply(Reply, frozen=True, kw_only=True):
    """The same whatever was brought: the token is good for nothing (RFC 7009 2.2)."""


class ListedSessionReply(Reply, frozen=True, kw_only=True):
    """`current` is the one that asks. `device_name` and `agent` are what its client said; `network`
    is where it began, an IPv4 /24 or an IPv6 /48; `begun_by` what it began by, in that order. No
    code is asked for where it began if that device is `trusted` (MF-2).
    """

    session_id: SessionId
    started_at: datetime
    refreshed_at: datetime
    expires_at: datetime
    current: bool
    device_name: str | None
    agent: str | None
    trusted: bool
    network: str | None
    begun_by: tuple[BegunBy, ...]


class SessionsReply(Reply, frozen=True, kw_only=True):
    sessions: tuple[ListedSessionReply, ...]


async def refresh_session(features: Features, call: Call[RefreshBody, Anonymous]) -> SessionReply:
    return await features.refreshes.refresh(
        call.body.refresh_token,
        device=call.body.device,
        resource=call.body.resource,
        by=call.by,
    )


async def revoke_session(features: Features, call: Call[RevocationBody, Anonymous]) -> RevokedReply:
    await features.revocations.revoke(call.body.token, by=call.by)
    return RevokedReply()


async def list_sessions(features: Features, call: Call[NoBody, SessionCaller]) -> SessionsReply:
    current = call.caller.session_id
    return SessionsReply(
        sessions=tuple(
            ListedSessionReply(
                session_id=each.session.id,
                started_at=each.session.started_at,
                refreshed_at=each.session.refreshed_at,
                expires_at=each.session.expires_at,
                current=each.session.id == current,
                device_name=each.described.device_name,
                agent=each.described.agent,
                trusted=each.trusted,
                network=each.network,
                begun_by=each.begun_by,
            )
            for each in await features.sessions.list(call.caller.account_id, now=call.now)
        )
    )


async def end_session(
    features: Features, call: Call[NoBody, SessionCaller], session_id: SessionId
) -> NoReply:
    await features.sessions.end(session_id, caller=call.caller, by=call.by)
    return NoReply()


async def end_other_sessions(features: Features, call: Call[NoBody, SessionCaller]) -> NoReply:
    await features.sessions.end_others(call.caller.account_id, call.caller.session_id, by=call.by)
    return NoReply()
