"""Enrolment tokens with the patient records that they are bound to (EN-1)."""

from services.identity.enrolment.model import ENROLMENT_TOKEN
from shared.contracts.ids import PatientId, PracticeId
from shared.db import Connection


async def hold(tx: Connection, digest: bytes) -> None:
    """Hold the token's patient record until commit: one use or try at a time.

    The record is held before the token is touched, as issuing does: no deadlock.
    """
    await tx.execute(
        """
        SELECT FROM patients
        WHERE id = (SELECT owner FROM one_time_secrets WHERE digest = $2 AND purpose = $1)
        FOR NO KEY UPDATE
        """,
        ENROLMENT_TOKEN.name,
        digest,
    )


async def owner(tx: Connection, digest: bytes) -> tuple[PracticeId, PatientId] | None:
    """Whose token this is, or was: whether it is still good is for its use to say."""
    row = await tx.fetchrow(
        """
        SELECT p.practice_id, p.id
        FROM one_time_secrets s JOIN patients p ON p.id = s.owner
        WHERE s.digest = $2 AND s.purpose = $1
        """,
        ENROLMENT_TOKEN.name,
        digest,
    )
    return (row["practice_id"], row["id"]) if row else None
