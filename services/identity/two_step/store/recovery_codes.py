"""Recovery codes in the database, each good once (MF-4)."""

from datetime import datetime

from services.identity.two_step.model import NewCodes
from shared.contracts.ids import AccountId
from shared.db import Connection


async def replace(tx: Connection, account_id: AccountId, codes: NewCodes) -> None:
    """Keep a set; those of the set before open nothing any more."""
    await tx.execute("DELETE FROM recovery_codes WHERE account_id = $1", account_id)
    await tx.execute(
        "UPDATE two_steps SET codes_salt = $2, codes_pepper = $3 WHERE account_id = $1",
        account_id,
        codes.salt.salt,
        codes.salt.pepper_id,
    )
    await tx.execute(
        "INSERT INTO recovery_codes (account_id, hash) SELECT $1, unnest($2::text[])",
        account_id,
        list(codes.hashes),
    )


async def use(tx: Connection, account_id: AccountId, code_hash: str, *, now: datetime) -> bool:
    """Use a code up. False: it is none, or was used, or no code is taken now."""
    used = await tx.fetchval(
        """
        UPDATE recovery_codes AS c SET used_at = $3
        FROM two_steps t
        WHERE c.account_id = $1 AND c.hash = $2 AND c.used_at IS NULL
          AND t.account_id = $1 AND (t.locked_until IS NULL OR t.locked_until <= $3)
        RETURNING c.account_id
        """,
        account_id,
        code_hash,
        now,
    )
    return used is not None


async def count_under_other_peppers(tx: Connection, known: tuple[str, ...]) -> int:
    """How many sets name none of these peppers; a look at every one."""
    count: int = await tx.fetchval(
        "SELECT count(*) FROM two_steps WHERE codes_pepper <> ALL ($1)", list(known)
    )
    return count
