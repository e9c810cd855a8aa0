"""Rounds of validation: which address is the true one, and what was answered (RC-6)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.recovery.validation.model import PROOF_LIFE, VALIDATION
from services.recovery.validation.store.holders import OPEN
from shared.contracts.ids import AccountId
from shared.db import Connection
from shared.limits import DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """An answer that was right, as the proof that it is."""

    id: UUID
    owner: UUID
    security_version: int
    answered_at: datetime
    username: str | None
    """None: the way has been shut meanwhile."""


async def add(
    tx: Connection, id_: UUID, owner: UUID, *, account_id: AccountId | None, place: int | None
) -> None:
    """Keep which of the addresses is the true one; none, where the fields were wrong."""
    await tx.execute(
        "INSERT INTO validation_rounds (id, owner, account_id, place) VALUES ($1, $2, $3, $4)",
        id_,
        owner,
        account_id,
        place,
    )


async def whose(connection: Connection, digest: bytes) -> AccountId | None:
    """Whose account a question is about, for the audit."""
    account_id: AccountId | None = await connection.fetchval(
        """
        SELECT r.account_id FROM validation_rounds r JOIN one_time_secrets s USING (id)
        WHERE s.digest = $2 AND s.purpose = $1
        """,
        VALIDATION.name,
        digest,
    )
    return account_id


async def judge(tx: Connection, id_: UUID, owner: UUID, choice: int, *, now: datetime) -> bool:
    """Keep the answer to a question that was just used up; return whether it is right.

    Every round of the owner with right fields is held first, three a day at most. A wrong address
    to one fails the others: of two answers at once the later would else not know of the earlier.
    One with wrong fields is held as well, or the time would tell of it.
    """
    await tx.execute(
        """
        SELECT FROM validation_rounds WHERE owner = $1 AND (place IS NOT NULL OR id = $2)
        ORDER BY id
        FOR NO KEY UPDATE
        """,
        owner,
        id_,
    )
    passed: bool = await tx.fetchval(
        """
        UPDATE validation_rounds AS r
        SET choice = $2, answered_at = $3, passed = r.place IS NOT DISTINCT FROM $2 AND NOT EXISTS (
            SELECT FROM validation_rounds AS other
            WHERE other.owner = r.owner AND other.place IS NOT NULL
              AND other.choice <> other.place
              AND other.answered_at > $3::timestamptz - $4::interval
        )
        WHERE r.id = $1
        RETURNING r.passed
        """,
        id_,
        choice,
        now,
        DAY,
    )
    return passed


async def passed(tx: Connection, digest: bytes, choice: int, *, now: datetime) -> Passed | None:
    """Find the right answer that this is: given just now, or again because its reply got lost.

    A change of credentials that has been heard of voids it; one that has not is refused at
    identity, by the security version in the grant.
    """
    row = await tx.fetchrow(
        f"""
        SELECT s.id, s.owner, s.security_version, r.answered_at, (
            SELECT a.username FROM accounts a
            WHERE a.account_id = s.owner AND a.security_version <= s.security_version AND {OPEN}
        ) AS username
        FROM validation_rounds r JOIN one_time_secrets s USING (id)
        WHERE s.digest = $2 AND s.purpose = $1 AND r.passed AND r.choice = $3
          AND r.answered_at > $4::timestamptz - $5::interval
        """,  # noqa: S608 - a clause of ours
        VALIDATION.name,
        digest,
        choice,
        now,
        PROOF_LIFE,
    )
    return Passed(**row) if row else None
