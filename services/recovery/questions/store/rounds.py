"""Rounds of answers in the database: counted and decided by one statement (RC-4)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from services.recovery.questions.model import Counted, Recipient, RoundNotice, RoundPolicy
from shared.contracts.ids import AccountId
from shared.db import Connection

A_DAY = timedelta(days=1)


async def count(
    tx: Connection,
    key: bytes,
    account_id: AccountId | None,
    *,
    right: bool,
    draw: int,
    closing: UUID,
    policy: RoundPolicy,
    now: datetime,
) -> Counted:
    """Count a call and decide whether its outcome may be told, in one statement.

    A row lock puts parallel calls in a queue: each is judged by what those before it left. While
    locked or closed nothing changes, so further tries neither shorten nor lengthen it. `draw` is
    the one whose pair was asked: after a success another pair is, and right answers to the one
    before are wrong. `closing` is the id of the closing, where this call brings one about.
    """
    row = await tx.fetchrow(
        """
        INSERT INTO question_rounds AS r (
            key, account_id, attempts, locks, draw, told, opened, counted_at
        )
        VALUES ($1, $2, CASE WHEN $3 THEN 0 ELSE 1 END, 0, $3::boolean::integer, true, $3, $6)
        ON CONFLICT (key) DO UPDATE
        SET (attempts, locks, draw, locked_until, closing, notice_due, told, opened, counted_at) = (
            SELECT
                CASE
                    WHEN was.shut THEN r.attempts
                    WHEN now.opens THEN 0
                    ELSE now.attempts
                END,
                CASE
                    WHEN was.shut THEN r.locks
                    WHEN now.opens THEN 0
                    WHEN now.locks THEN was.locks + 1
                    ELSE was.locks
                END,
                CASE WHEN now.opens THEN r.draw + 1 ELSE r.draw END,
                CASE
                    WHEN now.locks THEN $6::timestamptz + $8::interval
                    ELSE r.locked_until  -- in a notice that waits as well
                END,
                CASE
                    WHEN was.shut THEN r.closing
                    WHEN now.locks AND was.locks + 1 >= $9 THEN $5::uuid
                END,
                r.notice_due OR now.locks,
                NOT was.shut,
                now.opens,
                $6
            FROM
                (
                    SELECT r.closing IS NOT NULL AND r.closing = (
                        SELECT a.reopened FROM accounts a WHERE a.account_id = r.account_id
                    ) AS it
                ) AS reopened,
                LATERAL (
                    SELECT
                        coalesce(r.locked_until > $6, false)
                            OR (r.closing IS NOT NULL AND reopened.it IS NOT TRUE) AS shut,
                        CASE WHEN reopened.it THEN 0 ELSE r.locks END AS locks,
                        CASE WHEN r.attempts >= $7 OR reopened.it THEN 0 ELSE r.attempts END
                            AS attempts
                ) AS was,
                LATERAL (
                    SELECT
                        NOT was.shut AND $3 AND r.draw = $4 AS opens,
                        was.attempts + 1 AS attempts,
                        NOT was.shut AND NOT ($3 AND r.draw = $4) AND was.attempts + 1 >= $7
                            AS locks
                ) AS now
        )
        RETURNING told, opened
        """,
        key,
        account_id,
        right,
        draw,
        closing,
        now,
        policy.attempts,
        policy.lasts,
        policy.locks,
    )
    assert row is not None  # noqa: S101 - an upsert returns its row
    return Counted(told=row["told"], opened=row["opened"])


async def take_notices(tx: Connection, *, limit: int) -> Sequence[RoundNotice]:
    """Take back the flags of locks that nobody else is telling, in the order of their keys."""
    rows = await tx.fetch(
        """
        WITH due AS (
            SELECT key FROM question_rounds WHERE notice_due
            ORDER BY key
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        )
        UPDATE question_rounds AS r SET notice_due = false
        FROM due
        WHERE r.key = due.key
        RETURNING r.account_id, r.locked_until, r.closing
        """,
        limit,
    )
    return [RoundNotice(**row) for row in rows]


async def recipients(
    tx: Connection, account_ids: Sequence[AccountId]
) -> Mapping[AccountId, Recipient]:
    """How the holders of these are written to; who is part of another account now is left out."""
    rows = await tx.fetch(
        """
        SELECT account_id, email, locale, time_zone FROM accounts a
        WHERE account_id = ANY($1::uuid[]) AND state <> 'merged'
          AND NOT EXISTS (SELECT FROM merges m WHERE m.absorbed_id = a.account_id)
        """,
        list(account_ids),
    )
    return {row["account_id"]: Recipient(**row) for row in rows}


async def sweep_unknown(tx: Connection, *, now: datetime, limit: int) -> int:
    """Forget names that nobody has and nobody tried for a day: none of it could be told."""
    rows = await tx.fetch(
        """
        DELETE FROM question_rounds
        WHERE key IN (
            SELECT key FROM question_rounds
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
