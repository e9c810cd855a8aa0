"""The projection of accounts."""

from shared.contracts.identity import AccountChanged
from shared.db import Connection
from shared.messaging import snapshots


async def keep(tx: Connection, account: AccountChanged, *, version: int) -> None:
    """Keep this snapshot unless one as new is kept already."""
    await snapshots.keep(
        tx,
        "accounts",
        "account_id",
        version=version,
        account_id=account.account_id,
        state=account.state,
        security_version=account.security_version,
        username=account.username,
        email=account.email,
        locale=account.locale,
        time_zone=account.time_zone,
    )
