"""Whose phone it is that answers."""

from services.notify.projections.model import Account
from shared.contracts.identity import AccountState
from shared.contracts.ids import AccountId
from shared.db import Connection


async def holder(connection: Connection, number: str) -> Account | None:
    """Return the account that has had this number longest, verified before others.

    None: nobody's.
    """
    row = await connection.fetchrow(
        """
        SELECT accounts.id, state, email, locale, time_zone
        FROM notification_addresses AS known JOIN accounts ON accounts.id = account_id
        WHERE kind = 'phone' AND key = $1
        ORDER BY verified_at NULLS LAST, added_at LIMIT 1
        """,
        number,
    )
    if row is None:
        return None
    return Account(
        account_id=AccountId(row["id"]),
        state=AccountState(row["state"]),
        email=row["email"],
        locale=row["locale"],
        time_zone=row["time_zone"],
    )
