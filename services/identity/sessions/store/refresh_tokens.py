"""Refresh tokens in the database: each rotates once (SE-1)."""

from datetime import datetime, timedelta

from services.identity.sessions.model import Refreshable, Session
from services.identity.sessions.store.lives import known, live
from services.identity.sessions.store.sessions import SESSION, session
from services.identity.sessions.store.standings import STANDING, standing
from shared.db import Connection


def rests(now: str, rest: str) -> str:
    """The one condition for a successor that is too new to rotate; the first token rotates."""
    return f"t.issued_at > s.started_at AND t.issued_at + {rest}::interval > {now}"


async def rotate(
    tx: Connection,
    digest: bytes,
    *,
    successor: bytes,
    successor_sealed: bytes,
    idle: timedelta,
    rest: timedelta,
    now: datetime,
) -> Session | None:
    """Use a token up, add its successor and keep the session from idling, in one statement.

    One of all who bring the token gets it; none where the session is not live, or the token was
    made by a rotation within `rest`, so that one session cannot fill the table. A token of a dead
    session is used up with it, which changes nothing. No refresh is earlier than the one before,
    whatever the replicas' clocks say: a narrowing finds the newest access token's time here.
    """
    row = await tx.fetchrow(
        f"""
        WITH used AS (
            UPDATE refresh_tokens AS t SET used_at = $2, successor_sealed = $4
            WHERE digest = $1 AND used_at IS NULL AND NOT EXISTS (
                SELECT FROM sessions s WHERE s.id = t.session_id AND {rests("$2", "$6")}
            )
            RETURNING session_id
        ), renewed AS (
            UPDATE sessions s
            SET refreshed_at = greatest($2, s.refreshed_at),
                idle_until = least($2 + $5::interval, s.expires_at)
            FROM used
            WHERE s.id = used.session_id AND {live("$2")}
            RETURNING {SESSION}
        ), added AS (
            INSERT INTO refresh_tokens (digest, session_id, issued_at)
            SELECT $3, id, $2 FROM renewed
        )
        SELECT * FROM renewed
        """,  # noqa: S608 - columns of ours
        digest,
        now,
        successor,
        successor_sealed,
        idle,
        rest,
    )
    return session(row) if row else None


async def session_of(tx: Connection, digest: bytes) -> Session | None:
    """Look up the session of a token, used or not, whatever has become of it."""
    row = await tx.fetchrow(
        f"""
        SELECT {SESSION} FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id
        WHERE t.digest = $1
        """,  # noqa: S608 - columns of ours
        digest,
    )
    return session(row) if row else None


async def find(
    tx: Connection, digest: bytes, *, device: bytes | None, rest: timedelta, now: datetime
) -> Refreshable | None:
    """Look up a token that did not rotate, with its session."""
    row = await tx.fetchrow(
        f"""
        SELECT
            {SESSION}, {STANDING}, {live("$2")} AS live, {rests("$2", "$3")} AS rests,
            t.used_at, t.successor_sealed, t.used_at IS NOT NULL AND EXISTS (
                SELECT FROM devices d
                WHERE d.id = s.device_id AND d.account_id = s.account_id AND d.digest = $4
                  AND {known("$2")}
            ) AS same_device
        FROM refresh_tokens t
        JOIN sessions s ON s.id = t.session_id
        JOIN accounts a ON a.id = s.account_id
        WHERE t.digest = $1
        """,  # noqa: S608 - columns of ours
        digest,
        now,
        rest,
        device,
    )
    if row is None:
        return None
    return Refreshable(
        session=session(row),
        standing=standing(row),
        live=row["live"],
        rests=row["rests"],
        same_device=row["same_device"],
        used_at=row["used_at"],
        successor_sealed=row["successor_sealed"],
    )


async def is_unused(tx: Connection, digest: bytes) -> bool:
    """Whether nobody has brought this token yet: its predecessor's reply may have got lost."""
    return bool(
        await tx.fetchval("SELECT used_at IS NULL FROM refresh_tokens WHERE digest = $1", digest)
    )
