"""The session in which an account is changed, as a row (SE-1)."""

from shared.contracts.ids import SessionId
from shared.db import Connection
from shared.trust.access import AccessTokenInvalid


async def hold(tx: Connection, session_id: SessionId) -> None:
    """Hold a session until commit. Raises AccessTokenInvalid where it has ended."""
    held = await tx.fetchval(
        "SELECT id FROM sessions WHERE id = $1 AND ended_at IS NULL FOR NO KEY UPDATE", session_id
    )
    if held is None:
        raise AccessTokenInvalid
