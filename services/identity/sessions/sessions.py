"""Sessions: opened by a log-on or a reset, listed and ended by their holder (SE-1)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.identity.accounts.model import Holder
from services.identity.sessions.model import Gate, Session, SessionEnd, SessionLives, gates
from services.identity.sessions.store import sessions as store
from shared.access import LIFE_SECONDS, AccessTokenIssuer, SessionCaller
from shared.audit import Origin
from shared.contracts.ids import AccountId, SessionId
from shared.contracts.sessions import SessionEntry
from shared.db import Connection
from shared.errors import NotFound
from shared.messaging.outbox import Outbox
from shared.randomness import Randomness
from shared.tokens import Digests
from shared.transactions import Transactions


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A session with a refresh token; its access token is signed after the commit."""

    session: Session
    holder: Holder
    refresh_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTokens:
    """What a person's client is handed by a log-on, a reset or a refresh."""

    session_id: SessionId
    access_token: str
    expires_in: int
    refresh_token: str
    gates: tuple[Gate, ...]


def refresh_digest(digests: Digests, token: str) -> bytes:
    """What is kept of a refresh token."""
    return digests.of("refresh-token", token)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    transactions: Transactions
    outbox: Outbox
    randomness: Randomness
    digests: Digests
    issuer: AccessTokenIssuer
    lives: SessionLives

    async def open(self, tx: Connection, holder: Holder, *, now: datetime) -> Opened:
        """Begin a session in the transaction that proved who is there and holds the account."""
        session = Session(
            id=SessionId(self.randomness.uuid()),
            account_id=holder.account_id,
            started_at=now,
            refreshed_at=now,
            issued_at=now,
            expires_at=now + self.lives.longest,
        )
        token = self.randomness.token()
        await store.add(
            tx,
            session,
            idle_until=now + self.lives.idle,
            refresh_digest=refresh_digest(self.digests, token),
        )
        return Opened(session=session, holder=holder, refresh_token=token)

    async def sign(self, opened: Opened, *, now: datetime) -> SessionTokens:
        """Sign an access token of 5 min that does not outlive its session.

        It says that it was issued when the row says so, which a narrowing reads as well: none
        escapes because a replica's clock is ahead. A twin's is as old as the successor's.

        Where no key is to be had, the client holds a refresh token it can use again, or logs on
        again; a session nobody knows of goes idle.
        """
        session = opened.session
        expires_at = min(session.issued_at + timedelta(seconds=LIFE_SECONDS), session.expires_at)
        token = await self.issuer.for_session(
            SessionCaller(
                account_id=session.account_id,
                session_id=session.id,
                account_version=opened.holder.version,
                issued_at=session.issued_at,
                expires_at=expires_at,
            )
        )
        return SessionTokens(
            session_id=session.id,
            access_token=token,
            expires_in=int((expires_at - now).total_seconds()),
            refresh_token=opened.refresh_token,
            gates=gates(opened.holder),
        )

    async def list(self, account_id: AccountId, *, now: datetime) -> tuple[Session, ...]:
        """The account's live sessions, newest first."""
        async with self.transactions.database.connection() as connection:
            return await store.list_live(connection, account_id, now=now)

    async def end(
        self, account_id: AccountId, session_id: SessionId, *, origin: Origin, now: datetime
    ) -> None:
        """End one of one's own; ended twice is ended. Another's is as unknown as no one's."""
        action, subject = "session.end", f"account:{account_id}"
        async with self.transactions.audited(origin, action, subject=subject) as tx:
            if not await store.belongs(tx, session_id, account_id):
                raise NotFound
            await self.end_within(tx, account_id, why=SessionEnd.HOLDER, now=now, only=session_id)
            await self.transactions.audit.record(
                tx, origin, action=action, outcome="done", subject=subject
            )

    async def end_others(
        self, account_id: AccountId, session_id: SessionId, *, origin: Origin, now: datetime
    ) -> None:
        """End all of one's own but this one."""
        action, subject = "session.end-others", f"account:{account_id}"
        async with self.transactions.audited(origin, action, subject=subject) as tx:
            await self.end_within(tx, account_id, why=SessionEnd.HOLDER, now=now, spare=session_id)
            await self.transactions.audit.record(
                tx, origin, action=action, outcome="done", subject=subject
            )

    async def end_within(
        self,
        tx: Connection,
        account_id: AccountId,
        *,
        why: SessionEnd,
        now: datetime,
        only: SessionId | None = None,
        spare: SessionId | None = None,
    ) -> int:
        """End sessions inside a transaction, and tell every replica of every service with it."""
        ended = await store.end(tx, account_id, why=why, now=now, only=only, spare=spare)
        await self.outbox.end_sessions(
            tx, [SessionEntry(session_id=session_id, not_before=None) for session_id in ended]
        )
        return len(ended)

    async def narrow_within(self, tx: Connection, account_id: AccountId, *, now: datetime) -> None:
        """Void what its sessions may have shown until now; a refresh gives a token that counts."""
        narrowed = await store.narrow(tx, account_id, now=now)
        await self.outbox.end_sessions(
            tx, [SessionEntry(session_id=id_, not_before=moment) for id_, moment in narrowed]
        )
