"""Failures in a row and locks in the database (LG-2)."""

from datetime import datetime, timedelta

from services.identity.lock_model import Counted, LockNotice, LockPolicy
from shared.contracts.ids import AccountId
from shared.db import Connection

A_DAY = timedelta(days=1)


async def count(
    tx: Connection,
    key: bytes,
    account_id: AccountId | None,
    *,
    right: bool,
    policy: LockPolicy,
    now: datetime,
) -> Counted:
    """Count one outcome and decide whether it may be told, in one statement (LG-2).

    Its row lock puts parallel outcomes in a queue: each is judged by what those before it left.
    While locked nothing changes, so further tries neither shorten nor lengthen the lock; after it
    counting begins anew.
    """
    row = await tx.fetchrow(
        """
        INSERT INTO lockouts AS l (key, account_id, failures, told, counted_at)
        VALUES ($1, $2, CASE WHEN $3 THEN 0 ELSE 1 END, true, $4)
        ON CONFLICT (key) DO UPDATE
        SET (failures, locked_until, notice_due, told, counted_at) = (
            SELECT
                CASE WHEN was.locked THEN l.failures ELSE next.failures END,
                CASE WHEN lock.begins THEN $4 + $6::interval ELSE l.locked_until END,
                l.notice_due OR lock.begins,
                NOT was.locked,
                $4
            FROM
                (SELECT coalesce(l.locked_until > $4, false) AS locked) AS was,
                LATERAL (
                    SELECT CASE
                        WHEN $3 THEN 0
                        WHEN l.failures >= $5 THEN 1
                        ELSE l.failures + 1
                    END AS failures
                ) AS next,
                LATERAL (SELECT NOT was.locked AND next.failures >= $5 AS begins) AS lock
        )
        RETURNING told, locked_until
        """,
        key,
        account_id,
        right,
        now,
        policy.failures,
        policy.lasts,
    )
    assert row is not None  # noqa: S101 - an upsert without a condition returns its row
    return Counted(told=row["told"], locked_until=row["locked_until"])


async def clear(tx: Connection, key: bytes) -> None:
    """Begin anew; what the holder was told of the day stays counted."""
    await tx.execute(
        """
        UPDATE lockouts SET failures = 0, locked_until = NULL, notice_due = false
        WHERE key = $1
        """,
        key,
    )


async def take_notices(
    tx: Connection, *, a_day: int, now: datetime, limit: int
) -> tuple[LockNotice, ...]:
    """Take back the flags of locks nobody else is telling, counting each notice of the day."""
    rows = await tx.fetch(
        """
        WITH due AS (
            SELECT
                key,
                ARRAY(SELECT at FROM unnest(notices) AS at WHERE at > $1 ORDER BY at) AS recent
            FROM lockouts
            WHERE notice_due
            ORDER BY key
            LIMIT $4
            FOR UPDATE SKIP LOCKED
        )
        UPDATE lockouts AS l
        SET
            notice_due = false,
            notices = CASE WHEN cardinality(due.recent) < $3 THEN due.recent || $2::timestamptz
                           ELSE due.recent END
        FROM due
        WHERE l.key = due.key
        RETURNING l.account_id, l.locked_until, cardinality(due.recent) < $3 AS within_limit
        """,
        now - A_DAY,
        now,
        a_day,
        limit,
    )
    return tuple(
        LockNotice(
            account_id=row["account_id"],
            locked_until=row["locked_until"],
            within_limit=row["within_limit"],
        )
        for row in rows
    )


async def sweep_unknown(tx: Connection, *, now: datetime, limit: int) -> int:
    """Forget names that nobody has and nobody tried for a day: none of it could be told."""
    rows = await tx.fetch(
        """
        DELETE FROM lockouts
        WHERE key IN (
            SELECT key FROM lockouts
            WHERE account_id IS NULL AND counted_at <= $1
            ORDER BY key
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        RETURNING key
        """,
        now - A_DAY,
        limit,
    )
    return len(rows)
