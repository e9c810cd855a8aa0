"""Sessions in the database: live until ended, idle or expired (SE-1)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.identity.sessions.model import (
    BegunBy,
    Described,
    DeviceId,
    ListedSession,
    Session,
    SessionEnd,
    Shown,
)
from services.identity.sessions.store.lives import live, takes, trusted
from services.identity.sessions.store.standings import CURRENT_TERMS
from shared.contracts.ids import AccountId, SessionId
from shared.db import Connection, Row

SESSION = """
    s.id, s.account_id, s.auth_time, s.started_at, s.refreshed_at,
    greatest(s.refreshed_at, s.not_before) AS issued_at, s.idle_until, s.expires_at
"""
LISTED = f"""
    {SESSION}, coalesce(d.name, s.device_name) AS device_name, s.agent, s.device_id,
    {trusted("$2")} AS trusted, s.network, s.begun_by
"""
"""Of the session s and its device d, where there is one yet, at $2, which is now."""


async def add(
    tx: Connection,
    session: Session,
    *,
    begun_by: Sequence[BegunBy],
    described: Described,
    device_id: DeviceId | None,
    network: str | None,
    refresh_digest: bytes,
    second_step_taken: bool,
    passkey_id: UUID | None = None,
) -> int:
    """Insert a session with its first refresh token, in one statement: the account is held.

    Where two-step is on and no code was given yet, it waits for one (LG-3). Terms that are
    published later are asked for at the next log-on, not in this session (EN-9). Return how many
    others of the account live.
    """
    others = await tx.fetchval(
        f"""
        WITH session AS (
            INSERT INTO sessions (
                id, account_id, auth_time, started_at, refreshed_at, idle_until, expires_at,
                begun_by, device_name, agent, device_id, network, passkey_id, terms_due,
                second_step_due
            )
            VALUES ($1, $2, $3, $4, $5, $6, $7, $10, $11, $12, $13, $14, $15, EXISTS (
                SELECT FROM ({CURRENT_TERMS}) AS current WHERE NOT EXISTS (
                    SELECT FROM terms_acceptances t
                    WHERE t.account_id = $2 AND t.version = current.version
                )
            ), NOT $9 AND EXISTS (
                SELECT FROM two_steps WHERE account_id = $2 AND on_since IS NOT NULL
            ))
            RETURNING id, started_at
        ), first AS (
            INSERT INTO refresh_tokens (digest, session_id, issued_at)
            SELECT $8, id, started_at FROM session
        )
        SELECT count(*) FROM sessions s WHERE s.account_id = $2 AND {live("$4")}
        """,  # noqa: S608 - a query of ours
        session.id,
        session.account_id,
        session.auth_time,
        session.started_at,
        session.refreshed_at,
        session.idle_until,
        session.expires_at,
        refresh_digest,
        second_step_taken,
        begun_by,
        described.device_name,
        described.agent,
        device_id,
        network,
        passkey_id,
    )
    return int(others)


async def take(tx: Connection, shown: Sequence[Shown]) -> Sequence[bool]:
    """Whether each token's session is live, and takes one of that moment, in this second."""
    rows = await tx.fetch(
        f"""
        SELECT shown.place
        FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[])
            WITH ORDINALITY AS shown (id, issued_at, now, place)
        CROSS JOIN LATERAL (
            SELECT FROM sessions s
            WHERE s.id = shown.id AND {takes("shown.issued_at", "shown.now")}
            LIMIT 1
        ) AS live
        """,  # noqa: S608 - columns of ours
        [each.session_id for each in shown],
        [each.issued_at for each in shown],
        [each.now for each in shown],
    )
    taken = {row["place"] for row in rows}
    return [place in taken for place in range(1, len(shown) + 1)]


async def list_live(
    tx: Connection, account_id: AccountId, *, now: datetime
) -> tuple[ListedSession, ...]:
    """An account's live sessions, newest first."""
    rows = await tx.fetch(
        f"""
        SELECT {LISTED} FROM sessions s LEFT JOIN devices d ON d.id = s.device_id
        WHERE s.account_id = $1 AND {live("$2")}
        ORDER BY s.started_at DESC, s.id
        """,  # noqa: S608 - columns of ours
        account_id,
        now,
    )
    return tuple(listed(row) for row in rows)


async def find(tx: Connection, session_id: SessionId, *, now: datetime) -> ListedSession:
    """Look up a session that is there, live or not."""
    row = await tx.fetchrow(
        f"""
        SELECT {LISTED} FROM sessions s LEFT JOIN devices d ON d.id = s.device_id
        WHERE s.id = $1
        """,  # noqa: S608 - columns of ours
        session_id,
        now,
    )
    assert row is not None, "a session is deleted hours after its last token"  # noqa: S101
    return listed(row)


async def device_of(tx: Connection, session_id: SessionId) -> DeviceId | None:
    """Where a session began; None: before devices were kept."""
    found: DeviceId | None = await tx.fetchval(
        "SELECT device_id FROM sessions WHERE id = $1", session_id
    )
    return found


async def passkey_of(tx: Connection, session_id: SessionId) -> UUID | None:
    """The passkey that a session began with; None: with none."""
    found: UUID | None = await tx.fetchval(
        "SELECT passkey_id FROM sessions WHERE id = $1", session_id
    )
    return found


async def belongs(tx: Connection, session_id: SessionId, account_id: AccountId) -> bool:
    """Whether this was ever a session of that account."""
    return bool(
        await tx.fetchval(
            "SELECT EXISTS (SELECT FROM sessions WHERE id = $1 AND account_id = $2)",
            session_id,
            account_id,
        )
    )


async def end(
    tx: Connection,
    account_id: AccountId,
    *,
    why: SessionEnd,
    now: datetime,
    only: SessionId | None = None,
    spare: SessionId | None = None,
    device: DeviceId | None = None,
    passkey: UUID | None = None,
) -> tuple[SessionId, ...]:
    """End one, all but one, those of a device or a passkey, or all sessions of an account; return
    those that were not ended.

    Held in the order of their ids: two who end the same ones do not deadlock.
    """
    rows = await tx.fetch(
        """
        UPDATE sessions SET ended_at = $2, ended_by = $3
        WHERE ended_at IS NULL AND id IN (
            SELECT id FROM sessions
            WHERE account_id = $1 AND ended_at IS NULL
                AND ($4::uuid IS NULL OR id = $4) AND ($5::uuid IS NULL OR id <> $5)
                AND ($6::uuid IS NULL OR device_id = $6)
                AND ($7::uuid IS NULL OR passkey_id = $7)
            ORDER BY id
            FOR UPDATE
        )
        RETURNING id
        """,
        account_id,
        now,
        why,
        only,
        spare,
        device,
        passkey,
    )
    return tuple(SessionId(row["id"]) for row in rows)


async def end_past(
    tx: Connection, account_id: AccountId, *, most: int, spare: SessionId, now: datetime
) -> tuple[SessionId, ...]:
    """End as many live ones of an account that is held as there are past `most`; return those.

    Those that wait for a second step go first: else who has the password alone could log her off
    everywhere. Then those that were refreshed longest ago, as they are once each is held: one that
    is refreshed meanwhile is not idle. Held in the order of their ids, as when they end.
    """
    rows = await tx.fetch(
        f"""
        WITH others AS (
            SELECT s.id, s.second_step_due, s.refreshed_at FROM sessions s
            WHERE s.account_id = $1 AND s.id <> $2 AND {live("$3")}
            ORDER BY s.id
            FOR UPDATE
        )
        UPDATE sessions SET ended_at = $3, ended_by = $4
        WHERE ended_at IS NULL AND id IN (
            SELECT id FROM others
            ORDER BY second_step_due, refreshed_at DESC, id
            OFFSET $5
        )
        RETURNING id
        """,  # noqa: S608 - columns of ours
        account_id,
        spare,
        now,
        SessionEnd.TOO_MANY,
        most - 1,
    )
    return tuple(SessionId(row["id"]) for row in rows)


async def sweep(tx: Connection, *, before: datetime, limit: int) -> int:
    """Delete expired sessions with all that is theirs, by primary key, past locked ones."""
    rows = await tx.fetch(
        """
        SELECT id FROM sessions WHERE expires_at <= $1
        ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
        """,
        before,
        limit,
    )
    ids = [row["id"] for row in rows]
    await tx.execute("DELETE FROM refresh_tokens WHERE session_id = ANY($1)", ids)
    await tx.execute("DELETE FROM session_disclaimers WHERE session_id = ANY($1)", ids)
    await tx.execute("DELETE FROM sessions WHERE id = ANY($1)", ids)
    return len(ids)


def session(row: Row) -> Session:
    """Read the columns of SESSION."""
    return Session(
        id=row["id"],
        account_id=row["account_id"],
        auth_time=row["auth_time"],
        started_at=row["started_at"],
        refreshed_at=row["refreshed_at"],
        issued_at=row["issued_at"],
        idle_until=row["idle_until"],
        expires_at=row["expires_at"],
    )


def listed(row: Row) -> ListedSession:
    """Read the columns of LISTED."""
    return ListedSession(
        session=session(row),
        described=Described(device_name=row["device_name"], agent=row["agent"]),
        device_id=row["device_id"],
        trusted=row["trusted"],
        network=row["network"],
        begun_by=tuple(map(BegunBy, row["begun_by"])),
    )
