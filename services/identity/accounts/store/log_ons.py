"""Full log-ons of accounts, as rows."""

from datetime import datetime

from services.identity.accounts.model import NotedLogOn
from shared.contracts.ids import AccountId
from shared.db import Connection

COUNTED_TO = 100  # failures: three are told as many are


async def note(tx: Connection, account_id: AccountId, *, now: datetime) -> NotedLogOn:
    """Remember the last full log-on, of parallel ones the latest. The account is held.

    Others are told of the one that ends a closing of recovery's alone (RC-4).
    """
    row = await tx.fetchrow(
        """
        UPDATE accounts a
        SET last_log_on_at = greatest(a.last_log_on_at, $2),
            reopened = coalesce(a.closing, a.reopened), closing = NULL, failures = 0,
            version = a.version + (a.closing IS NOT NULL)::integer
        FROM accounts before
        WHERE a.id = $1 AND before.id = $1
        RETURNING before.last_log_on_at AS last, before.closing IS NOT NULL AS reopens,
            before.failures
        """,
        account_id,
        now,
    )
    assert row is not None, "an account that is held is there"  # noqa: S101
    return NotedLogOn(**row)


async def note_failures(tx: Connection, account_id: AccountId, failures: int) -> None:
    """Count what failed before a log-on that waits, or in it, for the next full one (SE-2). The
    account is held.
    """
    if failures:
        await tx.execute(
            "UPDATE accounts SET failures = least(failures + $2::integer, $3) WHERE id = $1",
            account_id,
            failures,
            COUNTED_TO,
        )
