"""What a practice has handed out: its secrets with who gave them, never the secrets (ST-1)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from services.identity.enrolment.model import HandedOut, HandedOutKind, HandedOutState, HandedOver
from shared.contracts.ids import PatientId, PracticeId
from shared.db import Connection, Row
from shared.one_time import Secret

NEWEST = (datetime(9999, 12, 31, tzinfo=UTC), UUID(int=2**128 - 1))  # after whatever there is


async def note(
    tx: Connection,
    secrets: Sequence[Secret],
    *,
    practice_id: PracticeId,
    staff: str | None,
    now: datetime,
) -> None:
    """Note whose secrets they are, and who gave them; a note goes when its secret is swept."""
    await tx.execute(
        """
        INSERT INTO handed_out (secret_id, practice_id, patient_id, staff, issued_at)
        SELECT secret_id, $1, patient_id, $2, $3
        FROM unnest($4::uuid[], $5::uuid[]) AS given (secret_id, patient_id)
        """,
        practice_id,
        staff,
        now,
        [secret.id for secret in secrets],
        [secret.owner for secret in secrets],
    )


async def page(
    connection: Connection,
    practice_id: PracticeId,
    patient_id: PatientId | None,
    *,
    after: UUID | None,
    limit: int,
    now: datetime,
) -> Sequence[HandedOut]:
    """What it has handed out, to this patient or to anybody, newest first, from behind what was
    listed last.
    """
    at, last = await _place(connection, practice_id, after)
    of_patient = "AND h.patient_id = $5" if patient_id else ""
    rows = await connection.fetch(
        f"""
        SELECT h.secret_id, h.patient_id, h.staff, h.issued_at,
            s.purpose, s.sent_to, s.state, s.expires_at, s.ended_at
        FROM handed_out h JOIN one_time_secrets s ON s.id = h.secret_id
        WHERE h.practice_id = $1 AND (h.issued_at, h.secret_id) < ($2, $3) {of_patient}
        ORDER BY h.issued_at DESC, h.secret_id DESC
        LIMIT $4
        """,  # noqa: S608 - a condition of ours
        practice_id,
        at,
        last,
        limit,
        *([patient_id] if patient_id else []),
    )
    return [_handed_out(row, now) for row in rows]


async def _place(
    connection: Connection, practice_id: PracticeId, after: UUID | None
) -> tuple[datetime, UUID]:
    """Where a page begins: before what was listed last; what is none of the practice's is first."""
    if after is None:
        return NEWEST
    at = await connection.fetchval(
        "SELECT issued_at FROM handed_out WHERE secret_id = $1 AND practice_id = $2",
        after,
        practice_id,
    )
    return (at, after) if at else NEWEST


def _handed_out(row: Row, now: datetime) -> HandedOut:
    state, expires_at = HandedOutState(row["state"]), row["expires_at"]
    expired = state is HandedOutState.LIVE and expires_at <= now
    return HandedOut(
        id=row["secret_id"],
        kind=HandedOutKind.of(row["purpose"]),
        patient_id=row["patient_id"],
        handed_over=HandedOver(row["sent_to"]) if row["sent_to"] else None,
        staff_id=row["staff"],
        issued_at=row["issued_at"],
        expires_at=expires_at,
        state=HandedOutState.EXPIRED if expired else state,
        ended_at=row["ended_at"],
    )
