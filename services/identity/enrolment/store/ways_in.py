"""What a practice handed out, with the patient record that it is bound to (EN-1)."""

from uuid import UUID

from services.identity.enrolment.model import TEMPORARY_PASSWORD, TEMPORARY_USERNAME
from shared.contracts.ids import PatientId, PracticeId
from shared.db import Connection
from shared.one_time import Purpose


async def hold(tx: Connection, purpose: Purpose, digest: bytes) -> None:
    """Hold the secret's patient record until commit: one use or try at a time.

    The record is held before the secret is touched, as issuing does: no deadlock.
    """
    await tx.execute(
        """
        SELECT FROM patients
        WHERE id = (SELECT owner FROM one_time_secrets WHERE digest = $2 AND purpose = $1)
        FOR NO KEY UPDATE
        """,
        purpose.name,
        digest,
    )


async def owner(
    tx: Connection, purpose: Purpose, digest: bytes
) -> tuple[PracticeId, PatientId] | None:
    """Whose it is, or was: whether it is still good is for its use to say."""
    row = await tx.fetchrow(
        """
        SELECT p.practice_id, p.id
        FROM one_time_secrets s JOIN patients p ON p.id = s.owner
        WHERE s.digest = $2 AND s.purpose = $1
        """,
        purpose.name,
        digest,
    )
    return (row["practice_id"], row["id"]) if row else None


async def is_password_of(tx: Connection, username: bytes, password: bytes) -> bool:
    """Whether a temporary password was made with this temporary username, both as digests."""
    return bool(
        await tx.fetchval(
            """
            SELECT EXISTS (
                SELECT FROM one_time_secrets p JOIN one_time_secrets u ON u.id = p.owner
                WHERE p.digest = $4 AND p.purpose = $3 AND u.digest = $2 AND u.purpose = $1
            )
            """,
            TEMPORARY_USERNAME.name,
            username,
            TEMPORARY_PASSWORD.name,
            password,
        )
    )


async def digest_of(connection: Connection, secret_id: UUID) -> bytes | None:
    """What is kept of the secret that a grant names; None: it was swept."""
    digest: bytes | None = await connection.fetchval(
        "SELECT digest FROM one_time_secrets WHERE id = $1", secret_id
    )
    return digest
