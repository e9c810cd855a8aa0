"""How passwords are hashed in the database: renewed, and counted by their peppers (ID-5)."""

from shared.contracts.ids import AccountId
from shared.db import Connection


async def renew(tx: Connection, account_id: AccountId, *, old: str, new: str) -> None:
    """Replace the same password's hash by one at the current cost (ID-5); no credential changes."""
    await tx.execute(
        "UPDATE accounts SET password_hash = $3 WHERE id = $1 AND password_hash = $2",
        account_id,
        old,
        new,
    )


async def count_under_other_peppers(tx: Connection, known: tuple[str, ...]) -> int:
    """How many password hashes name none of these peppers; a look at every account."""
    count: int = await tx.fetchval(
        "SELECT count(*) FROM accounts WHERE split_part(password_hash, '$', 4) <> ALL ($1)",
        list(known),
    )
    return count
