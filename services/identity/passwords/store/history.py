"""The last passwords of an account, and what its next must not be, in the database (ID-3)."""

from datetime import datetime

from services.identity.passwords.model import Context
from shared.contracts.ids import AccountId
from shared.db import Connection

KEPT = 5


async def recent(tx: Connection, account_id: AccountId) -> tuple[str, ...]:
    """The hashes of the last passwords, newest first."""
    rows = await tx.fetch(
        "SELECT hash FROM password_history WHERE account_id = $1 ORDER BY place DESC LIMIT $2",
        account_id,
        KEPT,
    )
    return tuple(row["hash"] for row in rows)


async def add(
    tx: Connection, account_id: AccountId, history_hash: str, *, place: int, now: datetime
) -> None:
    """Add the newest and forget those before the last."""
    await tx.execute(
        "INSERT INTO password_history (account_id, place, hash, set_at) VALUES ($1, $2, $3, $4)",
        account_id,
        place,
        history_hash,
        now,
    )
    await tx.execute(
        """
        DELETE FROM password_history
        WHERE account_id = $1 AND place NOT IN (
            SELECT place FROM password_history
            WHERE account_id = $1 ORDER BY place DESC LIMIT $2
        )
        """,
        account_id,
        KEPT,
    )


async def context(tx: Connection, account_id: AccountId) -> Context:
    """The words of this person's own, names, addresses, birth dates, practices; and whether her
    password stands alone.
    """
    username = await tx.fetchval("SELECT username FROM accounts WHERE id = $1", account_id)
    emails = await tx.fetch(
        "SELECT address FROM account_emails WHERE account_id = $1 ORDER BY state", account_id
    )
    two_step = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM two_steps WHERE account_id = $1 AND on_since IS NOT NULL)",
        account_id,
    )
    people = await tx.fetch(
        """
        SELECT p.last_name, p.first_name, p.birth_date, c.name
        FROM enrolments e
        JOIN patients p ON p.id = e.patient_id
        JOIN practices c ON c.id = p.practice_id
        WHERE e.account_id = $1
        """,
        account_id,
    )
    return Context(
        username=username or "",
        emails=tuple(row["address"] for row in emails),
        names=tuple(name for row in people for name in (row["last_name"], row["first_name"])),
        birth_dates=tuple(row["birth_date"] for row in people),
        practices=tuple(row["name"] for row in people),
        two_step=two_step,
    )
