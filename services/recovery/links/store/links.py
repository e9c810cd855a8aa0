"""Links with what is known of their account (RC-3)."""

from datetime import datetime

from services.recovery.grants.model import Proven
from services.recovery.links.model import RESET_LINK
from shared.contracts.identity import ResetRoute
from shared.contracts.ids import AccountId
from shared.db import Connection


async def find_live(tx: Connection, token_digest: bytes, *, now: datetime) -> Proven | None:
    """Find the link of a token that still opens something; reading it uses nothing up.

    A change of credentials or a merge that has been heard of voids it; one that has not is refused
    at identity, by the security version in the grant.
    """
    row = await tx.fetchrow(
        """
        SELECT s.id, s.owner, a.username, s.security_version, s.expires_at
        FROM one_time_secrets s
        JOIN accounts a ON a.account_id = s.owner
        WHERE s.digest = $2 AND s.purpose = $1 AND s.state = 'live' AND s.expires_at > $3
          AND a.security_version <= s.security_version AND a.state = 'active'
          AND NOT EXISTS (SELECT FROM merges m WHERE m.absorbed_id = s.owner)
        """,
        RESET_LINK.name,
        token_digest,
        now,
    )
    if row is None:
        return None
    return Proven(
        id=row["id"],
        route=ResetRoute.LINK,
        account_id=AccountId(row["owner"]),
        username=row["username"],
        security_version=row["security_version"],
        expires_at=row["expires_at"],
    )
