"""Deliveries held in `unknown`, until an operator decides whether they arrived; and failed ones."""

from collections.abc import Sequence
from datetime import datetime

from services.notify.ledger.model import RESENDABLE, DeliveryId, Held, Hindrance, State
from services.notify.tellings.contents import MAILED_ONLY, template_of
from services.notify.tellings.model import MessageClass, Reason
from shared.contracts.ids import PracticeId
from shared.db import Connection, Row


async def of_all(connection: Connection, *, limit: int) -> Sequence[Held]:
    """List what is held, oldest first."""
    rows = await connection.fetch(
        """
        SELECT id, class, template, practice_id, reference, link_purpose IS NULL AS resendable,
            reason, created_at, finished_at
        FROM deliveries WHERE state = 'unknown' ORDER BY created_at, id LIMIT $1
        """,
        limit,
    )
    return [held(row) for row in rows]


async def failed(connection: Connection, *, limit: int) -> Sequence[Held]:
    """List what failed and can be sent again, newest first."""
    rows = await connection.fetch(
        """
        SELECT id, class, template, practice_id, reference, true AS resendable,
            reason, created_at, finished_at
        FROM deliveries
        WHERE state = 'failed' AND reason = ANY ($2) AND template <> ALL ($3)
        ORDER BY created_at DESC, id LIMIT $1
        """,
        limit,
        list(RESENDABLE),
        [template_of(kind) for kind in MAILED_ONLY],
    )
    return [held(row) for row in rows]


def held(row: Row) -> Held:
    return Held(
        id=DeliveryId(row["id"]),
        message_class=MessageClass(row["class"]),
        template=row["template"],
        practice_id=PracticeId(row["practice_id"]) if row["practice_id"] else None,
        reference=row["reference"],
        resendable=row["resendable"],
        reason=Reason(row["reason"]),
        created_at=row["created_at"],
        finished_at=row["finished_at"],
    )


async def count(connection: Connection) -> tuple[int, datetime | None]:
    """Return how many are held, and since when the oldest exists."""
    row = await connection.fetchrow(
        "SELECT count(*) AS held, min(created_at) AS oldest FROM deliveries WHERE state = 'unknown'"
    )
    return (row["held"], row["oldest"]) if row else (0, None)


async def resend(
    tx: Connection, delivery_id: DeliveryId, *, of: PracticeId | None = None, now: datetime
) -> bool:
    """Queue it again; where a practice asks, only one `of` its own. False: `hindrance` says why
    not.

    What failed is queued where another try may go well; its three days begin anew.
    """
    mine = await tx.fetchval(
        """
        UPDATE deliveries
        SET state = 'queued', reason = NULL, finished_at = NULL, due_at = $2, resent_at = $2
        WHERE id = $1 AND link_purpose IS NULL
          AND (state = 'unknown'
               OR (state = 'failed' AND reason = ANY ($3) AND template <> ALL ($4)))
          AND ($5::uuid IS NULL OR practice_id = $5)
        RETURNING true
        """,
        delivery_id,
        now,
        list(RESENDABLE),
        [template_of(kind) for kind in MAILED_ONLY],
        of,
    )
    return mine is not None


async def is_of_practice(tx: Connection, delivery_id: DeliveryId, practice_id: PracticeId) -> bool:
    """Whether this practice had it sent."""
    own: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM deliveries WHERE id = $1 AND practice_id = $2)",
        delivery_id,
        practice_id,
    )
    return own


async def hindrance(tx: Connection, delivery_id: DeliveryId) -> Hindrance:
    """Say why it is not sent again."""
    row = await tx.fetchrow(
        "SELECT state, reason, link_purpose, template FROM deliveries WHERE id = $1", delivery_id
    )
    if row is None:
        return Hindrance.NO_SUCH
    if row["state"] not in (State.UNKNOWN, State.FAILED):
        return Hindrance.NOT_OPEN
    if row["link_purpose"] is not None:
        return Hindrance.LINK_GONE
    if row["reason"] in RESENDABLE:
        return Hindrance.USERNAME_GONE
    return Hindrance.FINAL


async def settle(tx: Connection, delivery_id: DeliveryId, state: State, *, now: datetime) -> bool:
    """Record what became of it by an operator's word. False: it is not held."""
    mine = await tx.fetchval(
        """
        UPDATE deliveries
        SET state = $2, finished_at = $3, reason = CASE WHEN $2 = 'failed' THEN 'operator' END,
            content = content - 'username'
        WHERE id = $1 AND state = 'unknown'
        RETURNING true
        """,
        delivery_id,
        state,
        now,
    )
    return mine is not None
