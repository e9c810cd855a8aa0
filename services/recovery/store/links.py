"""Links as recovery asks for them: with what is known of their account, and by their id (RC-3)."""

from datetime import datetime
from uuid import UUID

from services.recovery.model import RESET_LINK
from shared.db import Connection
from shared.one_time import Secret, secret_of


async def find_live(tx: Connection, token_digest: bytes, *, now: datetime) -> Secret | None:
    """Find the link of a token that still opens something; reading it uses nothing up.

    A change of credentials or a merge that has been heard of voids it; one that has not is refused
    at identity, by the security version in the grant.
    """
    row = await tx.fetchrow(
        """
        SELECT id, digest, owner, sent_to, security_version, issued_at, expires_at
        FROM one_time_secrets s
        WHERE digest = $2 AND purpose = $1 AND state = 'live' AND expires_at > $3
          AND NOT EXISTS (
              SELECT FROM accounts a
              WHERE a.account_id = s.owner
                AND (a.security_version > s.security_version OR a.state <> 'active')
          )
          AND NOT EXISTS (SELECT FROM merges m WHERE m.absorbed_id = s.owner)
        """,
        RESET_LINK.name,
        token_digest,
        now,
    )
    return secret_of(row) if row else None


async def use(tx: Connection, link_id: UUID, *, at: datetime) -> None:
    """Mark a link used: identity has accepted a password that was set by it.

    A superseded or void one too, for its grant may have been fetched before.
    """
    await tx.execute(
        """
        UPDATE one_time_secrets SET state = 'used', ended_at = $3
        WHERE id = $2 AND purpose = $1 AND state <> 'used'
        """,
        RESET_LINK.name,
        link_id,
        at,
    )
