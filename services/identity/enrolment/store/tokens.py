"""Enrolment tokens in the database; the guarded UPDATE is the check (EN-1)."""

from datetime import datetime, timedelta

from services.identity.enrolment.model import TOKEN_NAMES_TAKEN, TOKEN_TRIES, EnrolmentToken
from shared.contracts.ids import PatientId, PracticeId
from shared.db import Connection

KEPT = timedelta(days=90)  # past its expiry: a practice may still ask what became of it


async def add(tx: Connection, token: EnrolmentToken) -> None:
    """Insert a live token."""
    await tx.execute(
        """
        INSERT INTO enrolment_tokens (
            id, patient_id, digest, handed_over, state, issued_by, issued_at, expires_at
        )
        VALUES ($1, $2, $3, $4, 'live', $5, $6, $7)
        """,
        token.id,
        token.patient_id,
        token.digest,
        token.handed_over,
        token.issued_by,
        token.issued_at,
        token.expires_at,
    )


async def supersede(tx: Connection, patient_id: PatientId, *, now: datetime) -> None:
    """End the record's live token, if there is one."""
    await tx.execute(
        """
        UPDATE enrolment_tokens SET state = 'superseded', ended_at = $2
        WHERE patient_id = $1 AND state = 'live'
        """,
        patient_id,
        now,
    )


async def void(tx: Connection, patient_id: PatientId, *, now: datetime) -> None:
    """End the record's live token, if there is one, because the practice un-enrolled it (UN-1)."""
    await tx.execute(
        """
        UPDATE enrolment_tokens SET state = 'voided', ended_at = $2
        WHERE patient_id = $1 AND state = 'live'
        """,
        patient_id,
        now,
    )


async def hold(tx: Connection, digest: bytes) -> None:
    """Hold the token's patient record until commit: one use or try at a time.

    The record is held before the token is touched, as issuing does: no deadlock.
    """
    await tx.execute(
        """
        SELECT FROM patients
        WHERE id = (SELECT patient_id FROM enrolment_tokens WHERE digest = $1)
        FOR NO KEY UPDATE
        """,
        digest,
    )


async def owner(tx: Connection, digest: bytes) -> tuple[PracticeId, PatientId] | None:
    """Whose token this is, or was: whether it is still good is for `use` to say."""
    row = await tx.fetchrow(
        """
        SELECT p.practice_id, t.patient_id
        FROM enrolment_tokens t JOIN patients p ON p.id = t.patient_id
        WHERE t.digest = $1
        """,
        digest,
    )
    return (row["practice_id"], row["patient_id"]) if row else None


async def use(tx: Connection, digest: bytes, *, now: datetime) -> bool:
    """Use the token up. True for one caller only, and only while it lives."""
    used = await tx.fetchval(
        """
        UPDATE enrolment_tokens SET state = 'used', ended_at = $2
        WHERE digest = $1 AND state = 'live' AND expires_at > $2
        RETURNING id
        """,
        digest,
        now,
    )
    return used is not None


async def count_wrong_try(tx: Connection, digest: bytes, *, now: datetime) -> None:
    """Count a wrong date or name against a live token; the fifth voids it."""
    await tx.execute(
        """
        UPDATE enrolment_tokens
        SET wrong_tries = wrong_tries + 1,
            state = CASE WHEN wrong_tries + 1 >= $3 THEN 'voided' ELSE state END,
            ended_at = CASE WHEN wrong_tries + 1 >= $3 THEN $2::timestamptz END
        WHERE digest = $1 AND state = 'live' AND expires_at > $2
        """,
        digest,
        now,
        TOKEN_TRIES,
    )


async def count_taken_name(tx: Connection, digest: bytes, *, now: datetime) -> None:
    """Count a username that is taken; the tenth that is told voids the token.

    It was proven, so nothing is guessed at it; but it must not list who is at the portal.
    """
    await tx.execute(
        """
        UPDATE enrolment_tokens
        SET names_taken = names_taken + 1,
            state = CASE WHEN names_taken + 1 >= $3 THEN 'voided' ELSE state END,
            ended_at = CASE WHEN names_taken + 1 >= $3 THEN $2::timestamptz END
        WHERE digest = $1 AND state = 'live' AND expires_at > $2
        """,
        digest,
        now,
        TOKEN_NAMES_TAKEN,
    )


async def sweep(tx: Connection, *, now: datetime, limit: int) -> int:
    """Forget tokens long past their expiry: they open nothing, and the audit has their history."""
    rows = await tx.fetch(
        """
        DELETE FROM enrolment_tokens
        WHERE id IN (
            SELECT id FROM enrolment_tokens WHERE expires_at <= $1
            ORDER BY id LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        RETURNING id
        """,
        now - KEPT,
        limit,
    )
    return len(rows)
