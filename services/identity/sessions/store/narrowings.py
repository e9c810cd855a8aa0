"""Narrowing: all access tokens that a session has handed out so far are void (UN-1, SE-1)."""

from datetime import datetime

from shared.contracts.ids import AccountId, SessionId
from shared.db import Connection

NOT_BEFORE = "greatest($2, greatest(refreshed_at, not_before) + interval '1 microsecond')"
"""Later than the newest token's own moment, which another replica's clock may have put ahead of $2,
which is now.
"""


async def narrow(
    tx: Connection, account_id: AccountId, *, now: datetime, only: SessionId | None = None
) -> tuple[tuple[SessionId, datetime], ...]:
    """Void all access tokens of one session, or of all, that were handed out until now.

    Return each session with its not-before. Held in the order of their ids, as when they end.
    """
    rows = await tx.fetch(
        f"""
        UPDATE sessions SET not_before = {NOT_BEFORE}
        WHERE ended_at IS NULL AND id IN (
            SELECT id FROM sessions
            WHERE account_id = $1 AND ended_at IS NULL AND ($3::uuid IS NULL OR id = $3)
            ORDER BY id
            FOR UPDATE
        )
        RETURNING id, not_before
        """,  # noqa: S608 - an expression of ours
        account_id,
        now,
        only,
    )
    return tuple((SessionId(row["id"]), row["not_before"]) for row in rows)


async def accept_terms(
    tx: Connection, account_id: AccountId, *, now: datetime
) -> tuple[tuple[SessionId, datetime], ...]:
    """Open the gate of the terms in each session that has it; return each with its not-before.

    Their tokens say that a gate is open, and are void with it: whoever brings one refreshes.
    """
    rows = await tx.fetch(
        f"""
        UPDATE sessions SET terms_due = false, not_before = {NOT_BEFORE}
        WHERE ended_at IS NULL AND terms_due AND id IN (
            SELECT id FROM sessions
            WHERE account_id = $1 AND ended_at IS NULL AND terms_due
            ORDER BY id
            FOR UPDATE
        )
        RETURNING id, not_before
        """,  # noqa: S608 - an expression of ours
        account_id,
        now,
    )
    return tuple((SessionId(row["id"]), row["not_before"]) for row in rows)
