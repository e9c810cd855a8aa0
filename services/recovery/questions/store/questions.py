"""The five questions of an account in the database (RC-8), and whom a typed name is (RC-4)."""

from collections.abc import Sequence
from datetime import datetime

from services.recovery.projections.store.accounts import BY_RESERVED, BY_USERNAME, LIVE
from services.recovery.questions.model import Holder, KnownSet, Named, NewSet
from shared.contracts.ids import AccountId
from shared.db import Connection, Row

OPEN = f"""
    {LIVE} AND NOT a.reset_by_practice AND q.account_version >= a.frozen_in
    AND NOT EXISTS (
        SELECT FROM unnest(a.practices) AS enrolled (practice_id)
        LEFT JOIN practices p USING (practice_id)
        WHERE p.practice_id IS NULL OR p.settings ->> 'security_questions' = 'false'
    )
"""
"""Whether an account a can be opened by answers to its questions q. One of its practices that is
not heard of yet may have turned them off (ST-2); after a freeze only a practice's token opens
(RC-9).
"""


async def hold_holder(
    tx: Connection, account_id: AccountId, *, account_version: int
) -> Holder | None:
    """Keep an account as it is until commit; None: it was frozen or merged since that version."""
    row = await tx.fetchrow(
        f"""
        SELECT a.username, a.security_version, a.frozen_in FROM accounts a
        WHERE a.account_id = $1 AND a.frozen_in <= $2 AND {LIVE}
        FOR SHARE OF a
        """,  # noqa: S608 - a condition of ours
        account_id,
        account_version,
    )
    return Holder(**row) if row else None


async def are_set(connection: Connection, account_id: AccountId) -> bool:
    """Whether an account has questions that no freeze has dropped."""
    found = await connection.fetchval(
        """
        SELECT true FROM security_questions q JOIN accounts a USING (account_id)
        WHERE q.account_id = $1 AND q.account_version >= a.frozen_in
        """,
        account_id,
    )
    return found is not None


async def replace(
    tx: Connection, new: NewSet, *, confirmed: bool, frozen_in: int, now: datetime
) -> bool:
    """Keep these five in place of those before, in one statement: whoever reads, and whoever else
    sets five at this moment, has the one five or the other.

    Not `confirmed` they are the first, or nothing is kept; what a freeze has dropped does not
    count.
    """
    kept = await tx.fetchval(
        """
        INSERT INTO security_questions AS q (
            account_id, set_id, codes, answers, account_version, set_at
        )
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (account_id) DO UPDATE
        SET set_id = excluded.set_id, codes = excluded.codes, answers = excluded.answers,
            account_version = excluded.account_version, set_at = excluded.set_at
        WHERE $7 OR q.account_version < $8
        RETURNING true
        """,
        new.account_id,
        new.set_id,
        list(new.codes),
        list(new.answers),
        new.account_version,
        now,
        confirmed,
        frozen_in,
    )
    return kept is not None


async def drop_void(tx: Connection, account_ids: Sequence[AccountId]) -> None:
    """Forget the questions of those that were frozen since, or are part of another account now."""
    await tx.execute(
        """
        DELETE FROM security_questions q USING accounts a
        WHERE q.account_id = ANY($1::uuid[]) AND a.account_id = q.account_id
          AND (q.account_version < a.frozen_in OR a.state = 'merged')
        """,
        list(account_ids),
    )


async def drop(tx: Connection, account_id: AccountId) -> None:
    """Forget the questions of an account that was absorbed: the survivor keeps its own (MG-5).

    Whoever answers them at this moment is not waited for, which could end in a deadlock: answers
    open nothing any more, and the account's own last snapshot drops them (`drop_void`).
    """
    await tx.execute(
        """
        DELETE FROM security_questions WHERE account_id IN (
            SELECT account_id FROM security_questions WHERE account_id = $1
            FOR UPDATE SKIP LOCKED
        )
        """,
        account_id,
    )


async def named(connection: Connection, name_digest: bytes, *, nobodys: KnownSet) -> Named | None:
    """Find whose username it is, or was while it is reserved or merged, and what would be asked.

    A name that two accounts go by for the moment is nobody's, as for a link. Where there is nobody,
    or no question, `nobodys` are looked for in the same steps, and as much is read.
    """
    rows = await connection.fetch(
        f"""
        SELECT one.account_id, one.username, one.security_version, coalesce(r.draw, 0) AS draw,
            q.set_id, coalesce(q.codes, $3) AS codes, coalesce(q.answers, $4) AS answers
        FROM (VALUES (true)) AS always
        LEFT JOIN (
            SELECT a.account_id, a.username, a.security_version, a.frozen_in
            FROM ({BY_USERNAME} UNION {BY_RESERVED}) AS named
            JOIN accounts a USING (account_id)
        ) AS one ON true
        LEFT JOIN security_questions q
            ON q.account_id = coalesce(one.account_id, $2::uuid)
            AND q.account_version >= coalesce(one.frozen_in, 0)
        LEFT JOIN question_rounds r ON r.account_id = coalesce(one.account_id, $2::uuid)
        """,  # noqa: S608 - statements of ours
        [name_digest],
        nobodys.set_id,
        list(nobodys.answers),
        list(nobodys.answers.values()),
    )
    found = [_named(row) for row in rows]
    return found[0] if len(found) == 1 else None


async def hold_open(
    tx: Connection, asked: Named | None, round_key: bytes, *, right: bool, now: datetime
) -> bool:
    """Whether right answers to these questions open the account, which stays so until commit.

    The same statement for a name that nobody has, and for wrong answers, which hold nothing; nor do
    right ones while their round is locked or closed: holding takes time, which would tell of them.
    """
    known = asked.known if asked else None
    held = await tx.fetchval(
        f"""
        SELECT true FROM security_questions q JOIN accounts a USING (account_id)
        WHERE q.account_id = $1 AND q.set_id = $2 AND a.security_version = $3 AND $4 AND {OPEN}
          AND NOT EXISTS (
              SELECT FROM question_rounds r WHERE r.key = $5
                AND (r.locked_until > $6
                    OR r.closing IS NOT NULL AND r.closing IS DISTINCT FROM a.reopened)
          )
        FOR SHARE OF q
        """,  # noqa: S608 - a condition of ours
        asked.account_id if asked else None,
        known.set_id if known else None,
        asked.security_version if asked else 0,
        right,
        round_key,
        now,
    )
    return held is not None


def _named(row: Row) -> Named | None:
    answers = dict(zip(row["codes"], row["answers"], strict=True))
    known = KnownSet(set_id=row["set_id"], answers=answers)
    named = Named(
        account_id=row["account_id"],
        username=row["username"],
        security_version=row["security_version"],
        draw=row["draw"],
        known=known if row["set_id"] else None,
    )
    return named if row["account_id"] else None


async def count_under_other_peppers(connection: Connection, known: Sequence[str]) -> int:
    """How many accounts have an answer that names none of these peppers; a look at every one."""
    count: int = await connection.fetchval(
        """
        SELECT count(*) FROM security_questions WHERE EXISTS (
            SELECT FROM unnest(answers) AS hashed WHERE split_part(hashed, '$', 4) <> ALL ($1)
        )
        """,
        list(known),
    )
    return count
