"""When patients were last here (UN-2), by an index over each practice's own."""

from datetime import UTC, datetime
from uuid import UUID

from services.identity.patients.model import DormantPatient
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.db import Connection

QUIET = "greatest(e.enrolled_at, a.last_log_on_at) <= $2::timestamptz - make_interval(months => $3)"
"""The exact condition; `seen_at` may be a day behind, never ahead."""
LONGEST_AGO = (datetime(1, 1, 1, tzinfo=UTC), UUID(int=0))  # before whatever there is


async def note(tx: Connection, account_id: AccountId, *, now: datetime) -> None:
    """Note at its practices that an account's holder was here: once a day, so that a log-on costs
    no row of an index.
    """
    await tx.execute(
        """
        UPDATE patients p SET seen_at = $2
        FROM enrolments e
        WHERE e.account_id = $1 AND e.patient_id = p.id AND e.state = 'enrolled'
          AND (p.seen_at IS NULL OR p.seen_at <= $2::timestamptz - interval '1 day')
        """,
        account_id,
        now,
    )


async def list_dormant(
    tx: Connection,
    practice_id: PracticeId,
    *,
    months: int,
    after: PatientId | None,
    limit: int,
    now: datetime,
) -> tuple[DormantPatient, ...]:
    """Who was here longest ago first, from behind a record that was listed last."""
    seen_at, last = await _place(tx, practice_id, months=months, after=after, now=now)
    rows = await tx.fetch(
        f"""
        SELECT p.id AS patient_id, p.number, p.last_name, p.first_name, e.enrolled_at,
            a.last_log_on_at
        FROM patients p
        JOIN enrolments e ON e.patient_id = p.id AND e.state = 'enrolled'
        JOIN accounts a ON a.id = e.account_id
        WHERE p.practice_id = $1
          AND p.seen_at <= $2::timestamptz - make_interval(months => $3) AND {QUIET}
          AND (p.seen_at, p.id) > ($4, $5)
        ORDER BY p.seen_at, p.id
        LIMIT $6
        """,  # noqa: S608 - a condition of ours
        practice_id,
        now,
        months,
        seen_at,
        last,
        limit,
    )
    return tuple(DormantPatient(**row) for row in rows)


async def _place(
    tx: Connection,
    practice_id: PracticeId,
    *,
    months: int,
    after: PatientId | None,
    now: datetime,
) -> tuple[datetime, UUID]:
    """Where a page begins: behind what was listed last. That one may have been un-enrolled since,
    or have logged on: then with the first that is left, or all behind it would be passed over.
    """
    if after is None:
        return LONGEST_AGO
    seen_at = await tx.fetchval(
        """
        SELECT seen_at FROM patients
        WHERE id = $1 AND practice_id = $2
          AND seen_at <= $3::timestamptz - make_interval(months => $4)
        """,
        after,
        practice_id,
        now,
        months,
    )
    return (seen_at, after) if seen_at else LONGEST_AGO


async def is_dormant(tx: Connection, patient_id: PatientId, *, months: int, now: datetime) -> bool:
    """Whether a record's account, which is held, is quiet still."""
    return bool(
        await tx.fetchval(
            f"""
            SELECT EXISTS (
                SELECT FROM enrolments e JOIN accounts a ON a.id = e.account_id
                WHERE e.patient_id = $1 AND {QUIET}
            )
            """,  # noqa: S608 - a condition of ours
            patient_id,
            now,
            months,
        )
    )
