"""Sessions: refreshed, listed and ended by their holder (SE-1)."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from services.identity.sessions.api.replies import SessionReply, session_reply
from services.identity.sessions.features import Features
from shared.contracts.ids import SessionId
from shared.http.callers import account_of, session_of
from shared.http.parsing import uuid_in_path
from shared.http.routes import Body, Call, NoBody, NoReply, Reply


class RefreshBody(Body, frozen=True, kw_only=True):
    refresh_token: Annotated[str, Meta(max_length=200)]


class ListedSession(Reply, frozen=True, kw_only=True):
    """`current` is the one that asks."""

    session_id: SessionId
    started_at: datetime
    refreshed_at: datetime
    expires_at: datetime
    current: bool


class SessionsReply(Reply, frozen=True, kw_only=True):
    sessions: tuple[ListedSession, ...]


async def refresh_session(features: Features, call: Call[RefreshBody]) -> SessionReply:
    tokens = await features.refreshes.refresh(call.body.refresh_token, by=call.by)
    return session_reply(tokens)


async def list_sessions(features: Features, call: Call[NoBody]) -> SessionsReply:
    current = session_of(call)
    return SessionsReply(
        sessions=tuple(
            ListedSession(
                session_id=session.id,
                started_at=session.started_at,
                refreshed_at=session.refreshed_at,
                expires_at=session.expires_at,
                current=session.id == current,
            )
            for session in await features.sessions.list(account_of(call), now=call.now)
        )
    )


async def end_session(features: Features, call: Call[NoBody]) -> NoReply:
    await features.sessions.end(
        account_of(call),
        SessionId(uuid_in_path(call.path, "session_id")),
        by=call.by,
    )
    return NoReply()


async def end_other_sessions(features: Features, call: Call[NoBody]) -> NoReply:
    await features.sessions.end_others(account_of(call), session_of(call), by=call.by)
    return NoReply()
