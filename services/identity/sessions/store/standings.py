"""Where sessions stand, read as everything is in this second (LG-3, SE-4)."""

from services.identity.sessions.reach import GateName, Standing
from shared.contracts.ids import SessionId
from shared.db import Connection, Row

CURRENT_TERMS = "SELECT version FROM terms ORDER BY place DESC LIMIT 1"
STANDING = """
    a.id AS account_id, a.version AS account_version, s.terms_due, s.skipped,
    EXISTS (
        SELECT FROM enrolments e WHERE e.account_id = a.id AND e.state = 'enrolled'
    ) AS enrolled,
    EXISTS (
        SELECT FROM account_emails e WHERE e.account_id = a.id AND e.state = 'verified'
    ) AS email_verified
"""
"""Of the session s and its account a."""


async def of_session(tx: Connection, session_id: SessionId) -> Standing:
    """Where a session stands that is there."""
    row = await tx.fetchrow(
        f"SELECT {STANDING} FROM sessions s JOIN accounts a ON a.id = s.account_id "  # noqa: S608 - columns of ours
        "WHERE s.id = $1",
        session_id,
    )
    assert row is not None, "a session is deleted hours after its last token"  # noqa: S101
    return standing(row)


async def hold(tx: Connection, session_id: SessionId) -> bool:
    """Hold a session until commit; False: it has ended."""
    held = await tx.fetchval(
        "SELECT id FROM sessions WHERE id = $1 AND ended_at IS NULL FOR NO KEY UPDATE", session_id
    )
    return held is not None


async def skip(tx: Connection, session_id: SessionId, gate: GateName) -> None:
    """Remember that an offer was declined in this session, however often it is."""
    await tx.execute(
        """
        UPDATE sessions SET skipped = array_append(skipped, $2)
        WHERE id = $1 AND NOT skipped @> ARRAY[$2]
        """,
        session_id,
        gate,
    )


def standing(row: Row) -> Standing:
    """Read the columns of STANDING."""
    return Standing(
        account_id=row["account_id"],
        account_version=row["account_version"],
        enrolled=row["enrolled"],
        terms_due=row["terms_due"],
        email_verified=row["email_verified"],
        skipped=frozenset(row["skipped"]),
    )
