"""Sessions: opened by a log-on or a reset, listed and ended by their holder (SE-1)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import UNSET

from services.identity.accounts import accounts
from services.identity.accounts.model import AccountView
from services.identity.accounts.store import log_ons
from services.identity.actions import Action
from services.identity.patients.store import dormancy
from services.identity.sessions.model import (
    BegunBy,
    Described,
    DeviceId,
    ListedSession,
    Session,
    SessionEnd,
    SessionLives,
)
from services.identity.sessions.reach import (
    GateName,
    Standing,
    next_required,
    scope,
)
from services.identity.sessions.replies import SessionReply, gate_replies
from services.identity.sessions.store import disclaimers, narrowings, standings
from services.identity.sessions.store import sessions as store
from shared.acts import Act, Acts, By
from shared.contracts.identity import EnrolmentState
from shared.contracts.ids import AccountId, SessionId
from shared.contracts.reach import Service, SessionScope
from shared.contracts.sessions import SessionEntry
from shared.db import Connection
from shared.errors import NotFound
from shared.http.problems import SessionScopeMissing
from shared.http.sources import network_of
from shared.randomness import Randomness
from shared.trust.access import LIFE_SECONDS, AccessTokenIssuer, SessionCaller
from shared.trust.tokens import Digests


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A session with a refresh token; its access token is signed after the commit."""

    session: Session
    standing: Standing
    refresh_token: str
    device: str | None = None  # a new one's secret, handed out this once
    last_log_on_at: datetime | None = None  # before this one; None: never
    failures: int = 0  # before it, since that one (SE-2)


def refresh_digest(digests: Digests, token: str) -> bytes:
    """What is kept of a refresh token."""
    return digests.of("refresh-token", token)


def device_digest(digests: Digests, secret: str | None) -> bytes | None:
    """What is kept of a device's secret; None where there is none."""
    return None if secret is None else digests.of("device", secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    acts: Acts
    randomness: Randomness
    digests: Digests
    issuer: AccessTokenIssuer
    lives: SessionLives

    async def open(
        self,
        act: Act,
        account_id: AccountId,
        *,
        begun_by: Sequence[BegunBy],
        described: Described,
        device_id: DeviceId | None,
        failures: int = 0,
        second_step_taken: bool = False,
        instead_of: Session | None = None,
        passkey_id: UUID | None = None,
    ) -> Opened:
        """Begin a session with the act that proved who is there and holds the account.

        By a password alone it waits for the second step, where two-step is on. Else it is a log-on,
        and noted as one: for the account, at its practices (UN-2), and told to others where it ends
        a closing of recovery's (RC-4). The `failures` before it count with those before log-ons
        that were left waiting, whichever way the one is opened that ends the row (SE-2).

        `instead_of` is the session that waited for the second step: the password is as old as it
        was there, and so are the hours that are left (SE-1).
        """
        now = act.now
        expires_at = instead_of.expires_at if instead_of else now + self.lives.longest
        session = Session(
            id=SessionId(self.randomness.uuid()),
            account_id=account_id,
            auth_time=instead_of.auth_time if instead_of else now,
            started_at=now,
            refreshed_at=now,
            issued_at=now,
            idle_until=min(now + self.lives.idle, expires_at),
            expires_at=expires_at,
        )
        token = self.randomness.token()
        others = await store.add(
            act.tx,
            session,
            begun_by=begun_by,
            described=described,
            device_id=device_id,
            network=network_of(act.origin.source),
            refresh_digest=refresh_digest(self.digests, token),
            second_step_taken=second_step_taken,
            passkey_id=passkey_id,
        )
        if others >= self.lives.most:
            await self._make_room(act, session)
        await disclaimers.ask(act.tx, account_id, only=session.id)
        standing = await standings.of_session(act.tx, session.id)
        opened = Opened(session=session, standing=standing, refresh_token=token)
        if standing.second_step_due:
            await log_ons.note_failures(act.tx, account_id, failures)
            return opened
        noted = await log_ons.note(act.tx, account_id, now=now)
        if noted.reopens:
            await accounts.announce(act, account_id)
        await dormancy.note(act.tx, account_id, now=now)
        return replace(opened, last_log_on_at=noted.last, failures=failures + noted.failures)

    async def sign(
        self, opened: Opened, *, resource: Sequence[Service], now: datetime
    ) -> SessionReply:
        """Sign an access token of 5 min that does not outlive its session, or one a service.

        It says that it was issued when the row says so, which a narrowing reads as well: none
        escapes because a replica's clock is ahead. A twin's is as old as the successor's.

        Where no key is to be had, the client holds a refresh token it can use again, or logs on
        again; a session nobody knows of goes idle.
        """
        session = opened.session
        expires_at = min(session.issued_at + timedelta(seconds=LIFE_SECONDS), session.expires_at)
        caller = SessionCaller(
            account_id=session.account_id,
            session_id=session.id,
            account_version=opened.standing.account_version,
            scope=scope(opened.standing),
            auth_time=session.auth_time,
            issued_at=session.issued_at,
            expires_at=expires_at,
            gate=next_required(opened.standing) or "",
        )
        tokens = await self.issuer.for_each(
            resource,
            lambda audience: self.issuer.for_session(replace(caller, audience=audience)),
        )
        return SessionReply(
            session_id=session.id,
            access_token=tokens.first,
            access_tokens=tokens.each or UNSET,
            expires_in=int((expires_at - now).total_seconds()),
            refresh_token=opened.refresh_token,
            idle_seconds=int((session.idle_until - now).total_seconds()),
            ends_at=session.expires_at,
            scope=caller.scope,
            gates=gate_replies(opened.standing),
            device=opened.device or UNSET,
        )

    async def _make_room(self, act: Act, begun: Session) -> None:
        """End what is past the limit; whoever has just proven who she is stays."""
        account_id = begun.account_id
        ended = await store.end_past(
            act.tx, account_id, most=self.lives.most, spare=begun.id, now=act.now
        )
        act.end_sessions([SessionEntry(session_id=id_, not_before=None) for id_ in ended])
        for _ in ended:
            act.record(Action.END_SESSION, account=account_id, detail=SessionEnd.TOO_MANY)

    async def list(self, account_id: AccountId, *, now: datetime) -> tuple[ListedSession, ...]:
        """The account's live sessions, newest first."""
        async with self.acts.database.connection() as connection:
            return await store.list_live(connection, account_id, now=now)

    async def end(self, session_id: SessionId, *, caller: SessionCaller, by: By) -> None:
        """End one of one's own; ended twice is ended. Another's is as unknown as no one's.

        A session that is not a full one logs itself off, and ends no other (LG-3, UN-4).
        """
        account_id = caller.account_id
        async with self.acts.begin(by, Action.END_SESSION, account=account_id) as act:
            if caller.scope is not SessionScope.FULL and session_id != caller.session_id:
                raise SessionScopeMissing
            if not await store.belongs(act.tx, session_id, account_id):
                raise NotFound
            if session_id != caller.session_id:
                await accounts.hold(act.tx, account_id, caller.session_id)
            await self.end_within(act, account_id, why=SessionEnd.HOLDER, only=session_id)

    async def end_others(self, account_id: AccountId, session_id: SessionId, *, by: By) -> None:
        """End all of one's own but this one.

        The account is held: one that begins may end some as well, and already holds its own.
        """
        async with self.acts.begin(by, Action.END_OTHER_SESSIONS, account=account_id) as act:
            await accounts.hold(act.tx, account_id, session_id)
            await self.end_within(act, account_id, why=SessionEnd.HOLDER, spare=session_id)

    async def end_within(
        self,
        act: Act,
        account_id: AccountId,
        *,
        why: SessionEnd,
        only: SessionId | None = None,
        spare: SessionId | None = None,
        device: DeviceId | None = None,
        passkey: UUID | None = None,
    ) -> int:
        """End sessions with an act, and tell every replica of every service with it."""
        ended = await store.end(
            act.tx,
            account_id,
            why=why,
            now=act.now,
            only=only,
            spare=spare,
            device=device,
            passkey=passkey,
        )
        act.end_sessions([SessionEntry(session_id=id_, not_before=None) for id_ in ended])
        return len(ended)

    async def narrow_within(
        self, act: Act, account_id: AccountId, *, only: SessionId | None = None
    ) -> None:
        """Void what its sessions may have shown until now; a refresh gives a token that counts."""
        tell(act, await narrowings.narrow(act.tx, account_id, now=act.now, only=only))

    async def practices_changed_within(self, act: Act, view: AccountView) -> None:
        """Let every session of an account that is held see its practices as they are now.

        One that came or went has all disclaimers asked anew (DISC-1), so what was open before may
        be off; the last one that goes takes the sessions with it.
        """
        account_id = view.account.id
        await disclaimers.forget(act.tx, account_id)
        if any(one.state is EnrolmentState.ENROLLED for one in view.enrolments):
            await disclaimers.ask(act.tx, account_id)
            await self.narrow_within(act, account_id)
        else:
            await self.end_within(act, account_id, why=SessionEnd.UNENROLLED)

    async def require_at(self, tx: Connection, caller: SessionCaller, gate: GateName) -> None:
        """Let a session with gates before it only where this is the one it stands at (LG-3).

        Raises SessionScopeMissing.
        """
        if caller.scope is SessionScope.FULL:
            return
        standing = await standings.of_session(tx, caller.session_id)
        if next_required(standing) is not gate:
            raise SessionScopeMissing

    async def accept_terms_within(self, act: Act, account_id: AccountId) -> None:
        """Open that gate in all of its sessions, and have their tokens renewed (LG-3)."""
        tell(act, await narrowings.accept_terms(act.tx, account_id, now=act.now))


def tell(act: Act, narrowed: Sequence[tuple[SessionId, datetime]]) -> None:
    """Tell every replica of every service since when a session's tokens count."""
    act.end_sessions([SessionEntry(session_id=id_, not_before=moment) for id_, moment in narrowed])
