"""Failures in a row and locks in the database (LG-2)."""

from datetime import datetime

from services.identity.passwords.model import Counted, LockNotice, LockPolicy, LockRecord
from services.identity.sessions.store.lives import known
from shared.contracts.ids import AccountId
from shared.db import Connection

# The lock ends at $2; the audit hears of it from the loop.
END = """
    locked_until = CASE WHEN l.locked_until > $2 THEN $2 ELSE l.locked_until END,
    record_due = CASE WHEN l.record_due > $2 THEN $2 ELSE l.record_due END
"""
# At $2 there is something to clear: a disabled password, a lock, or failures that count.
SHUT = """
    (l.wrong_in_a_row >= $3 OR l.locked_until > $2 OR l.failures BETWEEN 1 AND $4 - 1)
"""


async def count(
    tx: Connection,
    key: bytes,
    account_id: AccountId | None,
    device: bytes | None,
    *,
    right: bool,
    policy: LockPolicy,
    now: datetime,
) -> Counted:
    """Count one outcome and decide whether it may be told, in one statement (LG-2).

    A known device of the account has a counter of its own, and the fourth failure voids it; then,
    and without one, the account's counts. A row lock puts parallel outcomes in a queue: each is
    judged by what those before it left. While locked nothing changes, so further tries neither
    shorten nor lengthen the lock; after it counting begins anew, but for the wrong ones in a row
    that disable the password at last, on every device. Device before lock, so that two never
    deadlock.
    """
    row = await tx.fetchrow(
        f"""
        WITH device AS (
            UPDATE devices AS d
            SET (failures, overcome, voided_at, known_until) = (
                SELECT
                    next.failures,
                    CASE WHEN $3::boolean THEN d.failures ELSE 0 END,
                    CASE WHEN next.failures >= $5 THEN $4::timestamptz END,
                    CASE WHEN next.failures >= $5 THEN $4 ELSE d.known_until END
                FROM (SELECT CASE WHEN $3 THEN 0 ELSE d.failures + 1 END AS failures) AS next
            )
            WHERE d.digest = $8 AND d.account_id = $2 AND {known("$4")}
            RETURNING d.overcome, d.voided_at IS NOT NULL AS voided
        ), run AS (
            UPDATE lockouts AS l SET wrong_in_a_row = 0
            WHERE l.key = $1 AND $3 AND l.wrong_in_a_row BETWEEN 1 AND $7 - 1
              AND EXISTS (SELECT FROM device)
        ), account AS (
            INSERT INTO lockouts AS l (
                key, account_id, failures, wrong_in_a_row, told, counted_at
            )
            SELECT
                $1, $2::uuid, CASE WHEN $3 THEN 0 ELSE 1 END, CASE WHEN $3 THEN 0 ELSE 1 END,
                true, $4
            WHERE NOT EXISTS (SELECT FROM device)
            ON CONFLICT (key) DO UPDATE
            SET (
                failures, wrong_in_a_row, overcome, locked_until, record_due, notice_due,
                disabled_due, told, counted_at
            ) = (
                SELECT
                    CASE WHEN was.locked THEN l.failures ELSE next.failures END,
                    CASE WHEN was.locked THEN l.wrong_in_a_row ELSE next.in_a_row END,
                    CASE WHEN $3 THEN l.wrong_in_a_row ELSE 0 END,
                    CASE WHEN lock.begins THEN $4 + $6::interval ELSE l.locked_until END,
                    CASE WHEN lock.begins THEN $4 ELSE l.record_due END,
                    l.notice_due OR (lock.begins AND NOT lock.disables),
                    l.disabled_due OR lock.disables,
                    NOT was.locked,
                    $4
                FROM
                    (
                        SELECT
                            coalesce(l.locked_until > $4, false) OR l.wrong_in_a_row >= $7
                                AS locked
                    ) AS was,
                    LATERAL (
                        SELECT
                            CASE
                                WHEN $3 THEN 0
                                WHEN l.failures >= $5 THEN 1
                                ELSE l.failures + 1
                            END AS failures,
                            CASE WHEN $3 THEN 0 ELSE l.wrong_in_a_row + 1 END AS in_a_row
                    ) AS next,
                    LATERAL (
                        SELECT
                            NOT was.locked AND next.failures >= $5 AS begins,
                            NOT was.locked AND next.in_a_row >= $7 AS disables
                    ) AS lock
            )
            RETURNING told, overcome
        )
        SELECT told, overcome, false AS voided FROM account
        UNION ALL
        SELECT
            NOT EXISTS (
                SELECT FROM lockouts l WHERE l.key = $1 AND l.wrong_in_a_row >= $7
            ),
            overcome, voided
        FROM device
        """,  # noqa: S608 - a condition of ours
        key,
        account_id,
        right,
        now,
        policy.failures,
        policy.lasts,
        policy.disabled_after,
        device,
    )
    assert row is not None  # noqa: S101 - one of the two counters has counted
    return Counted(told=row["told"], failures=row["overcome"], voided=row["voided"])


async def clear(tx: Connection, key: bytes, *, now: datetime) -> None:
    """Begin anew with another password."""
    await tx.execute(
        f"""
        UPDATE lockouts AS l
        SET failures = 0, wrong_in_a_row = 0, notice_due = false, disabled_due = false, {END}
        WHERE key = $1
        """,  # noqa: S608 - constants only
        key,
        now,
    )


async def unlock(tx: Connection, key: bytes, *, policy: LockPolicy, now: datetime) -> bool:
    """Clear what is counted or locked. False: neither is.

    The holder hears of the lock as if nothing had happened. Wrong passwords in a row stay counted
    where they have not disabled the password, or whoever unlocks could let somebody guess on.
    """
    unlocked = await tx.fetchval(
        f"""
        UPDATE lockouts AS l
        SET
            failures = 0,
            wrong_in_a_row = CASE WHEN l.wrong_in_a_row >= $3 THEN 0 ELSE l.wrong_in_a_row END,
            {END}
        WHERE key = $1 AND {SHUT}
        RETURNING true
        """,  # noqa: S608 - constants only
        key,
        now,
        policy.disabled_after,
        policy.failures,
    )
    return unlocked is not None


async def turns_away(
    tx: Connection,
    key: bytes,
    account_id: AccountId | None,
    device: bytes | None,
    *,
    policy: LockPolicy,
    now: datetime,
) -> bool:
    """Whether a lock is in force, and this is no known device that passes it: then no outcome is
    told, whatever it is.
    """
    return bool(
        await tx.fetchval(
            f"""
            SELECT EXISTS (
                SELECT FROM lockouts
                WHERE key = $1 AND (locked_until > $2 OR wrong_in_a_row >= $3)
            ) AND NOT EXISTS (
                SELECT FROM devices AS d
                WHERE d.digest = $4 AND d.account_id = $5 AND {known("$2")}
            )
            """,  # noqa: S608 - a condition of ours
            key,
            now,
            policy.disabled_after,
            device,
            account_id,
        )
    )


async def take_notices(tx: Connection, *, limit: int) -> tuple[LockNotice, ...]:
    """Take back the flags of locks nobody else is telling, in the order of their keys."""
    rows = await tx.fetch(
        """
        WITH due AS (
            SELECT key, notice_due, disabled_due FROM lockouts
            WHERE notice_due OR disabled_due
            ORDER BY key
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        )
        UPDATE lockouts AS l
        SET notice_due = false, disabled_due = false
        FROM due
        WHERE l.key = due.key
        RETURNING
            l.key,
            l.account_id,
            CASE WHEN due.notice_due THEN l.locked_until END AS locked_until,
            due.disabled_due AS disabled
        """,
        limit,
    )
    return tuple(LockNotice(**row) for row in rows)


async def take_records(tx: Connection, *, now: datetime, limit: int) -> tuple[LockRecord, ...]:
    """Take what the audit is to have of locks by now; a lock that goes on is due at its end."""
    rows = await tx.fetch(
        """
        WITH due AS (
            SELECT key, on_record FROM lockouts
            WHERE record_due <= $1
            ORDER BY record_due
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        UPDATE lockouts AS l
        SET
            on_record = l.locked_until > $1,
            record_due = CASE WHEN l.locked_until > $1 THEN l.locked_until END
        FROM due
        WHERE l.key = due.key
        RETURNING l.account_id, due.on_record AS known, l.on_record AS goes_on
        """,
        now,
        limit,
    )
    return tuple(LockRecord(**row) for row in rows)


async def sweep_unknown(tx: Connection, *, before: datetime, limit: int) -> int:
    """Forget names that nobody has and nobody has tried since: none of it could be told."""
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
        before,
        limit,
    )
    return len(rows)
