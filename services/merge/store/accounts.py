"""The projection of accounts."""

from shared.contracts.identity import AccountChanged
from shared.db import Connection


async def keep(tx: Connection, account: AccountChanged, *, version: int) -> None:
    """Keep this snapshot unless one as new is kept already."""
    await tx.execute(
        """
        INSERT INTO accounts AS kept (
            account_id, version, state, security_version, username, email, locale, time_zone
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (account_id) DO UPDATE
        SET version = excluded.version,
            state = excluded.state,
            security_version = excluded.security_version,
            username = excluded.username,
            email = excluded.email,
            locale = excluded.locale,
            time_zone = excluded.time_zone
        WHERE kept.version < excluded.version
        """,
        account.account_id,
        version,
        account.state,
        account.security_version,
        account.username,
        account.email,
        account.locale,
        account.time_zone,
    )
