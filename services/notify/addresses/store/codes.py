"""The codes that verify numbers: one of a number, the last that was sent (NT-3)."""

from datetime import datetime

from services.notify.preferences.model import AddressId
from shared.db import Connection


async def keep(
    tx: Connection, address_id: AddressId, digest: bytes, *, tries: int, expires_at: datetime
) -> None:
    """Keep this one, in place of the one before."""
    await tx.execute(
        """
        INSERT INTO number_codes (address_id, digest, tries_left, expires_at)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (address_id) DO UPDATE
        SET digest = excluded.digest, tries_left = excluded.tries_left,
            expires_at = excluded.expires_at
        """,
        address_id,
        digest,
        tries,
        expires_at,
    )


async def count_try(tx: Connection, address_id: AddressId, digest: bytes, *, now: datetime) -> bool:
    """Use a try up and say whether this is the code. False as well: no try was left, or none lives.

    The update counts and compares at once: of parallel guesses no more are compared than are left.
    """
    right: bool | None = await tx.fetchval(
        """
        UPDATE number_codes SET tries_left = tries_left - 1
        WHERE address_id = $1 AND tries_left > 0 AND expires_at > $3
        RETURNING digest = $2
        """,
        address_id,
        digest,
        now,
    )
    return bool(right)


async def forget(tx: Connection, address_id: AddressId) -> None:
    """It was right: it opens nothing twice."""
    await tx.execute("DELETE FROM number_codes WHERE address_id = $1", address_id)
