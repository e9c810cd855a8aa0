"""Requests in the database (EN-4)."""

from collections.abc import Sequence
from datetime import datetime

from services.identity.requests.model import (
    KEPT,
    LIFE,
    EnrolmentRequest,
    Person,
    RequestId,
    RequestState,
)
from shared.contracts.ids import PatientId, PracticeId
from shared.db import Connection, Row

_REQUEST = """
    id, state, last_name, first_name, birth_date, patient_id, asked_at, expires_at, ended_at
"""


async def hold_pending(
    tx: Connection, practice_id: PracticeId, person: Person, *, now: datetime
) -> EnrolmentRequest | None:
    """Return this person's pending request, held until commit: nobody decides it meanwhile.

    Call it with the practice held, or two of one person's would each find none.
    """
    rows = await tx.fetch(
        f"""
        SELECT {_REQUEST} FROM enrolment_requests
        WHERE practice_id = $1 AND birth_date = $2 AND state = 'pending' AND expires_at > $3
        ORDER BY asked_at, id
        FOR NO KEY UPDATE
        """,  # noqa: S608 - columns of ours
        practice_id,
        person.birth_date,
        now,
    )
    found = (_request(row, now) for row in rows)
    return next((request for request in found if request.person.is_also(person)), None)


async def add(
    tx: Connection,
    request_id: RequestId,
    practice_id: PracticeId,
    person: Person,
    *,
    now: datetime,
) -> None:
    """Insert a pending request."""
    await tx.execute(
        """
        INSERT INTO enrolment_requests (
            id, practice_id, state, last_name, first_name, birth_date, asked_at, expires_at,
            kept_until
        )
        VALUES ($1, $2, 'pending', $3, $4, $5, $6, $7, $8)
        """,
        request_id,
        practice_id,
        person.last_name,
        person.first_name,
        person.birth_date,
        now,
        now + LIFE,
        now + LIFE + KEPT,
    )


async def list_pending(
    connection: Connection,
    practice_id: PracticeId,
    *,
    after: RequestId | None,
    limit: int,
    now: datetime,
) -> Sequence[EnrolmentRequest]:
    """Whoever waits longest first, from behind a request of the practice's that was listed last."""
    rows = await connection.fetch(
        f"""
        SELECT {_REQUEST} FROM enrolment_requests
        WHERE practice_id = $1 AND state = 'pending' AND expires_at > $2
          AND ($3::uuid IS NULL OR (asked_at, id) > (
              SELECT asked_at, id FROM enrolment_requests WHERE id = $3 AND practice_id = $1
          ))
        ORDER BY asked_at, id
        LIMIT $4
        """,  # noqa: S608 - columns of ours
        practice_id,
        now,
        after,
        limit,
    )
    return [_request(row, now) for row in rows]


async def find(
    connection: Connection, practice_id: PracticeId, request_id: RequestId, *, now: datetime
) -> EnrolmentRequest | None:
    """Look up one of the practice's own, whatever became of it."""
    row = await connection.fetchrow(
        f"SELECT {_REQUEST} FROM enrolment_requests WHERE id = $1 AND practice_id = $2",  # noqa: S608 - columns of ours
        request_id,
        practice_id,
    )
    return _request(row, now) if row else None


async def end(
    tx: Connection,
    practice_id: PracticeId,
    request_id: RequestId,
    state: RequestState,
    *,
    now: datetime,
) -> EnrolmentRequest | None:
    """Decide a request that is pending. To one caller only: approval, rejection and expiry are
    asked of one row.
    """
    row = await tx.fetchrow(
        f"""
        UPDATE enrolment_requests SET state = $3, ended_at = $4
        WHERE id = $1 AND practice_id = $2 AND state = 'pending' AND expires_at > $4
        RETURNING {_REQUEST}
        """,  # noqa: S608 - columns of ours
        request_id,
        practice_id,
        state,
        now,
    )
    return _request(row, now) if row else None


async def match(tx: Connection, request_id: RequestId, patient_id: PatientId) -> None:
    """Note whose record a request was approved for."""
    await tx.execute(
        "UPDATE enrolment_requests SET patient_id = $2 WHERE id = $1", request_id, patient_id
    )


async def sweep(tx: Connection, *, before: datetime, limit: int) -> int:
    """Delete up to so many that nobody asks for any more, each with its contacts; return how many.

    What is held just now is left for the next round.
    """
    swept = await tx.fetch(
        """
        DELETE FROM enrolment_requests WHERE id IN (
            SELECT id FROM enrolment_requests WHERE kept_until <= $1
            ORDER BY kept_until LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        RETURNING 1
        """,
        before,
        limit,
    )
    return len(swept)


def _request(row: Row, now: datetime) -> EnrolmentRequest:
    state = RequestState(row["state"])
    if state is RequestState.PENDING and row["expires_at"] <= now:
        state = RequestState.EXPIRED
    return EnrolmentRequest(
        id=RequestId(row["id"]),
        state=state,
        person=Person(
            last_name=row["last_name"], first_name=row["first_name"], birth_date=row["birth_date"]
        ),
        patient_id=row["patient_id"],
        asked_at=row["asked_at"],
        expires_at=row["expires_at"],
        ended_at=row["ended_at"],
    )
