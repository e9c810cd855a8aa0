"""What sessions are asked of their practices' disclaimers, and what was answered (DISC-1)."""

from datetime import datetime

from services.identity.sessions.reach import Answer
from shared.contracts.ids import AccountId, PracticeId, SessionId
from shared.db import Connection

CURRENT_DISCLAIMER = """
    SELECT d.version, d.texts FROM disclaimers d WHERE d.practice_id = {practice}
    ORDER BY d.version DESC LIMIT 1
"""


async def ask(tx: Connection, account_id: AccountId, *, only: SessionId | None = None) -> None:
    """Ask for the current disclaimers in one session of the account, or in all that are live.

    What was accepted to be kept is answered already, where it is still the same text.
    """
    current = CURRENT_DISCLAIMER.format(practice="at.practice_id")
    await tx.execute(
        f"""
        INSERT INTO session_disclaimers (session_id, practice_id, version, answer)
        SELECT s.id, at.practice_id, current.version,
            CASE WHEN kept.version = current.version THEN 'accepted' END
        FROM (
            SELECT DISTINCT p.practice_id
            FROM enrolments e JOIN patients p ON p.id = e.patient_id
            WHERE e.account_id = $1 AND e.state = 'enrolled'
        ) AS at
        CROSS JOIN LATERAL ({current}) AS current
        JOIN sessions s
            ON s.account_id = $1 AND s.ended_at IS NULL AND ($2::uuid IS NULL OR s.id = $2)
        LEFT JOIN kept_disclaimers kept
            ON kept.account_id = $1 AND kept.practice_id = at.practice_id
        WHERE current.texts <> '{{}}'
        """,  # noqa: S608 - a query of ours
        account_id,
        only,
    )


async def forget(tx: Connection, account_id: AccountId) -> None:
    """Forget all that was answered, and what was to be kept: all is asked anew."""
    await tx.execute(
        """
        WITH kept AS (DELETE FROM kept_disclaimers WHERE account_id = $1)
        DELETE FROM session_disclaimers d USING sessions s
        WHERE s.id = d.session_id AND s.account_id = $1
        """,
        account_id,
    )


async def answer(
    tx: Connection, session_id: SessionId, practice_id: PracticeId, answered: Answer
) -> None:
    """Answer what a session that is held was asked."""
    await tx.execute(
        """
        UPDATE session_disclaimers SET answer = $3 WHERE session_id = $1 AND practice_id = $2
        """,
        session_id,
        practice_id,
        answered,
    )


async def keep(
    tx: Connection,
    account_id: AccountId,
    practice_id: PracticeId,
    *,
    version: int | None,
    now: datetime,
) -> None:
    """Keep that this version was accepted, or that none is."""
    if version is None:
        await tx.execute(
            "DELETE FROM kept_disclaimers WHERE account_id = $1 AND practice_id = $2",
            account_id,
            practice_id,
        )
        return
    await tx.execute(
        """
        INSERT INTO kept_disclaimers (account_id, practice_id, version, kept_at)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (account_id, practice_id)
        DO UPDATE SET version = excluded.version, kept_at = excluded.kept_at
        """,
        account_id,
        practice_id,
        version,
        now,
    )
