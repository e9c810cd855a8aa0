"""Verification links, as far as they are not like every one-time secret (ID-6)."""

from datetime import datetime

from services.identity.emails.model import EMAIL_VERIFICATION
from shared.contracts.ids import AccountId
from shared.db import Connection


async def moment(tx: Connection, account_id: AccountId, *, now: datetime) -> datetime:
    """The time of the account's next mail: later than that of the one before.

    `now` was read before the account was waited for, and notify tells by these times which of two
    links is the live one. Call it with the account's row held.
    """
    later: datetime = await tx.fetchval(
        """
        SELECT greatest($3, max(issued_at) + interval '1 microsecond')
        FROM one_time_secrets WHERE purpose = $1 AND owner = $2
        """,
        EMAIL_VERIFICATION.name,
        account_id,
        now,
    )
    return later


async def re_key(tx: Connection, account_id: AccountId, *, former: str, key: str) -> None:
    """Bring what was mailed to an address along with its key."""
    await tx.execute(
        """
        UPDATE one_time_secrets SET sent_to = $4
        WHERE purpose = $1 AND owner = $2 AND sent_to = $3
        """,
        EMAIL_VERIFICATION.name,
        account_id,
        former,
        key,
    )
