"""What has become of a delivery, with what the mail server said last (NT-5)."""

from collections.abc import Sequence

from services.notify.ledger.model import DeliveryId, Outcome, State
from services.notify.tellings.model import Reason
from shared.db import Connection


async def outcomes(connection: Connection, ids: Sequence[DeliveryId]) -> Sequence[Outcome]:
    """Look these up, each with its last attempt."""
    rows = await connection.fetch(
        """
        SELECT id, template, state, reason, attempts, coalesce(finished_at, created_at) AS at,
            bounce_status, last.smtp_code, last.enhanced_code
        FROM deliveries LEFT JOIN LATERAL (
            SELECT smtp_code, enhanced_code FROM attempts
            WHERE delivery_id = deliveries.id ORDER BY number DESC LIMIT 1
        ) AS last ON true
        WHERE id = ANY ($1)
        ORDER BY created_at, id
        """,
        list(ids),
    )
    return [
        Outcome(
            id=DeliveryId(row["id"]),
            template=row["template"],
            state=State(row["state"]),
            reason=Reason(row["reason"]) if row["reason"] else None,
            at=row["at"],
            attempts=row["attempts"],
            smtp_code=row["smtp_code"],
            status=row["bounce_status"] or row["enhanced_code"],
        )
        for row in rows
    ]
