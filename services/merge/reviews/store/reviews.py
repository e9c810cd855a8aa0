"""Reviews: what practices decide of a merge, by one guarded UPDATE each (MG-2)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from services.merge.parties.model import Pair
from services.merge.reviews.model import OwnRecord, Review, Reviewer
from shared.contracts.identity import ReviewRefusal
from shared.contracts.ids import AccountId, MergeId, PracticeId
from shared.db import Connection, Row

COLUMNS = """
    r.merge_id, r.survivor_id, r.absorbed_id, r.review_until, r.survivor_approver,
    r.absorbed_approver, r.ended_at
"""
SAY = "v.of_survivor, v.of_absorbed"

# What has become of both accounts since they were proven, as far as is known here.
SINCE = """
    CROSS JOIN LATERAL (
        SELECT
            coalesce(bool_or(a.state = 'merged' OR b.absorbed_id IS NOT NULL), false) AS merged,
            coalesce(bool_or(a.state <> 'active' OR a.security_version > CASE
                WHEN a.account_id = r.survivor_id THEN r.survivor_version ELSE r.absorbed_version
            END), false) AS stale
        FROM accounts a LEFT JOIN absorptions b ON b.absorbed_id = a.account_id
        WHERE a.account_id IN (r.survivor_id, r.absorbed_id)
    ) AS since
"""
LAPSE = f"""
    CASE
        WHEN since.merged THEN '{ReviewRefusal.ACCOUNT_MERGED}'
        WHEN since.stale THEN '{ReviewRefusal.PROOF_STALE}'
        WHEN r.review_until <= $1 THEN '{ReviewRefusal.EXPIRED}'
    END
"""


async def is_open(connection: Connection, one: AccountId, other: AccountId) -> bool:
    """Whether practices have to decide about these two, whichever is to survive."""
    found: bool = await connection.fetchval(
        """
        SELECT EXISTS (
            SELECT FROM reviews
            WHERE least(survivor_id, absorbed_id) = least($1::uuid, $2::uuid)
                AND greatest(survivor_id, absorbed_id) = greatest($1::uuid, $2::uuid)
                AND ended_at IS NULL
        )
        """,
        one,
        other,
    )
    return found


async def open_for(tx: Connection, merge_id: MergeId, pair: Pair, *, until: datetime) -> None:
    """Begin one of two accounts that are taken, and keep who decides: the practices that have
    records of either now.
    """
    survivor, absorbed = pair.survivor, pair.absorbed
    await tx.execute(
        """
        WITH opened AS (
            INSERT INTO reviews (
                merge_id, survivor_id, absorbed_id, survivor_version, absorbed_version, review_until
            )
            VALUES ($1, $2, $3, $4, $5, $6)
            RETURNING merge_id
        )
        INSERT INTO reviewers (practice_id, merge_id, of_survivor, of_absorbed)
        SELECT practice_id, merge_id,
            bool_or(patient_id = ANY($7::uuid[])), bool_or(patient_id = ANY($8::uuid[]))
        FROM opened, persons
        WHERE patient_id = ANY($7::uuid[] || $8::uuid[])
        GROUP BY practice_id, merge_id
        """,
        merge_id,
        survivor.proof.account_id,
        absorbed.proof.account_id,
        survivor.proof.security_version,
        absorbed.proof.security_version,
        until,
        list(survivor.records),
        list(absorbed.records),
    )


async def pending(
    connection: Connection, practice_id: PracticeId, *, now: datetime, limit: int
) -> Sequence[tuple[Review, Reviewer]]:
    """List those that a practice may decide: those that wait for it first, of these and of the
    rest whichever ends first. So what it has approved hides nothing from it, however many wait for
    another practice.
    """
    rows = await connection.fetch(
        f"""
        SELECT {COLUMNS}, {SAY} FROM reviewers v JOIN reviews r ON r.merge_id = v.merge_id
        WHERE v.practice_id = $1 AND r.ended_at IS NULL AND r.review_until > $2
        ORDER BY
            v.of_survivor AND r.survivor_approver IS NULL
                OR v.of_absorbed AND r.absorbed_approver IS NULL DESC,
            r.review_until, r.merge_id
        LIMIT $3
        """,  # noqa: S608 - columns of ours
        practice_id,
        now,
        limit,
    )
    return [(_review(row), _reviewer(row)) for row in rows]


async def find(
    connection: Connection, merge_id: MergeId, practice_id: PracticeId
) -> tuple[Review, Reviewer] | None:
    """Read one with what its reviewer has a say in, whatever became of it; None of others'."""
    row = await connection.fetchrow(
        f"""
        SELECT {COLUMNS}, {SAY}
        FROM reviewers v JOIN reviews r ON r.merge_id = v.merge_id
        WHERE v.practice_id = $1 AND v.merge_id = $2
        """,  # noqa: S608 - columns of ours
        practice_id,
        merge_id,
    )
    return (_review(row), _reviewer(row)) if row else None


async def lapse(tx: Connection, merge_id: MergeId, *, now: datetime) -> ReviewRefusal | None:
    """Say why nothing of it may be approved any more, by the time or by what is known of both."""
    found: str | None = await tx.fetchval(
        f"SELECT {LAPSE} FROM reviews r {SINCE} WHERE r.merge_id = $2",  # noqa: S608 - ours
        now,
        merge_id,
    )
    return ReviewRefusal(found) if found else None


async def approve(
    tx: Connection, merge_id: MergeId, practice_id: PracticeId, *, now: datetime
) -> Review | None:
    """Approve what the practice has a say in; with both sides approved the review ends.

    None where nothing of it is left to approve, or it has ended.
    """
    row = await tx.fetchrow(
        f"""
        UPDATE reviews r SET
            survivor_approver =
                CASE WHEN v.of_survivor THEN coalesce(survivor_approver, v.practice_id)
                ELSE survivor_approver END,
            absorbed_approver =
                CASE WHEN v.of_absorbed THEN coalesce(absorbed_approver, v.practice_id)
                ELSE absorbed_approver END,
            ended_at = CASE WHEN (v.of_survivor OR survivor_approver IS NOT NULL)
                AND (v.of_absorbed OR absorbed_approver IS NOT NULL) THEN $3::timestamptz END
        FROM reviewers v
        WHERE r.merge_id = $1 AND v.merge_id = $1 AND v.practice_id = $2
            AND r.ended_at IS NULL AND r.review_until > $3
            AND (v.of_survivor AND survivor_approver IS NULL
                OR v.of_absorbed AND absorbed_approver IS NULL)
        RETURNING {COLUMNS}
        """,  # noqa: S608 - columns of ours
        merge_id,
        practice_id,
        now,
    )
    return _review(row) if row else None


async def reject(
    tx: Connection, merge_id: MergeId, practice_id: PracticeId, *, now: datetime
) -> bool:
    """End it by a practice of either side. False where it has ended."""
    ended = await tx.fetchval(
        """
        UPDATE reviews r SET ended_at = $3 FROM reviewers v
        WHERE r.merge_id = $1 AND v.merge_id = $1 AND v.practice_id = $2
            AND r.ended_at IS NULL AND r.review_until > $3
        RETURNING true
        """,
        merge_id,
        practice_id,
        now,
    )
    return ended is not None


async def end_lapsed(
    tx: Connection, *, now: datetime, limit: int
) -> Sequence[tuple[Review, ReviewRefusal]]:
    """End up to so many whose time is over, or of which nothing may be approved any more.

    One that is being decided just now is left for the next round.
    """
    rows = await tx.fetch(
        f"""
        WITH lapsed AS (
            SELECT r.merge_id AS id, {LAPSE} AS reason FROM reviews r {SINCE}
            WHERE r.ended_at IS NULL AND (r.review_until <= $1 OR since.merged OR since.stale)
            ORDER BY r.review_until LIMIT $2
            FOR UPDATE OF r SKIP LOCKED
        )
        UPDATE reviews r SET ended_at = $1 FROM lapsed
        WHERE r.merge_id = lapsed.id AND r.ended_at IS NULL
        RETURNING {COLUMNS}, lapsed.reason
        """,  # noqa: S608 - columns of ours
        now,
        limit,
    )
    return [(_review(row), ReviewRefusal(row["reason"])) for row in rows]


async def close(tx: Connection, merge_id: MergeId, *, at: datetime) -> None:
    """End it since identity has refused the merge, if there is one that has not ended."""
    await tx.execute(
        "UPDATE reviews SET ended_at = $2 WHERE merge_id = $1 AND ended_at IS NULL", merge_id, at
    )


async def records_at(
    connection: Connection, practice_id: PracticeId, account_ids: Collection[AccountId]
) -> Sequence[OwnRecord]:
    """Read a practice's own records of these accounts."""
    rows = await connection.fetch(
        """
        SELECT patient_id, account_id, last_name, first_name, birth_date FROM persons
        WHERE account_id = ANY($1::uuid[]) AND practice_id = $2
        ORDER BY patient_id
        """,
        list(account_ids),
        practice_id,
    )
    return [OwnRecord(**row) for row in rows]


async def usernames(
    connection: Connection, account_ids: Collection[AccountId]
) -> Mapping[AccountId, str]:
    """Read the log-on names of both, whatever became of them."""
    rows = await connection.fetch(
        "SELECT account_id, username FROM accounts WHERE account_id = ANY($1::uuid[])",
        list(account_ids),
    )
    return {row["account_id"]: row["username"] for row in rows}


def _review(row: Row) -> Review:
    return Review(
        merge_id=row["merge_id"],
        survivor_id=row["survivor_id"],
        absorbed_id=row["absorbed_id"],
        review_until=row["review_until"],
        approvers=(row["survivor_approver"], row["absorbed_approver"]),
        ended=row["ended_at"] is not None,
    )


def _reviewer(row: Row) -> Reviewer:
    return Reviewer(of_survivor=row["of_survivor"], of_absorbed=row["of_absorbed"])
