"""How many mails a typed address was sent, whoever typed it, in the database (ID-6)."""

from datetime import datetime, timedelta

from services.identity.emails.model import SendLimits
from shared.db import Connection

AN_HOUR, A_DAY = timedelta(hours=1), timedelta(days=1)


async def count(tx: Connection, digest: bytes, *, limits: SendLimits, now: datetime) -> bool:
    """Count one mail about to be sent. False where the hour or the day has had its mails.

    One statement counts and decides: its row lock puts parallel claims of many accounts in a queue.
    """
    counted = await tx.fetchval(
        """
        INSERT INTO address_mails AS m (digest, sent, last_at)
        VALUES ($1, ARRAY[$2::timestamptz], $2)
        ON CONFLICT (digest) DO UPDATE
        SET sent = ARRAY(SELECT at FROM unnest(m.sent) AS at WHERE at > $4 ORDER BY at)
                || excluded.sent,
            last_at = greatest(m.last_at, excluded.last_at)
        WHERE (
            SELECT count(*) FILTER (WHERE at > $3) < $5 AND count(*) FILTER (WHERE at > $4) < $6
            FROM unnest(m.sent) AS at
        )
        RETURNING true
        """,
        digest,
        now,
        now - AN_HOUR,
        now - A_DAY,
        limits.an_hour,
        limits.a_day,
    )
    return counted is not None


async def next_send(
    tx: Connection, digest: bytes, *, limits: SendLimits, now: datetime
) -> datetime:
    """When the next mail may go, where `count` has just refused one and so holds the row."""
    sent = await tx.fetchval("SELECT sent FROM address_mails WHERE digest = $1", digest)
    free = [now]
    for limit, window in limits.windows:
        recent = sorted(at for at in sent if at > now - window)
        if len(recent) >= limit:
            free.append(recent[-limit] + window)
    return max(free)


async def sweep(tx: Connection, *, now: datetime, limit: int) -> int:
    """Forget addresses that were mailed nothing for a day."""
    rows = await tx.fetch(
        """
        DELETE FROM address_mails
        WHERE digest IN (
            SELECT digest FROM address_mails WHERE last_at <= $1
            ORDER BY digest LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        RETURNING digest
        """,
        now - A_DAY,
        limit,
    )
    return len(rows)
