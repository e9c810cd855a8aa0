"""The ledger's side of a bounce."""

from datetime import datetime

from services.notify.ledger.model import DeliveryId
from services.notify.tellings import contents
from shared.db import Connection


async def bounce(
    tx: Connection, delivery_id: DeliveryId, status: str | None, *, now: datetime
) -> str | None:
    """Record that it came back, with a notice in its place (NT-8); return where it had gone to.

    None: it was not sent, or came back before. It may come back before its courier has recorded
    that it was taken: then the courier's lease is lost. What an operator has queued again comes
    back once more.
    """
    address: str | None = await tx.fetchval(
        """
        WITH bounced AS (
            UPDATE deliveries
            SET state = 'bounced', reason = NULL, bounce_status = $2, finished_at = $3,
                sealed = NULL, content = content - 'username',
                phase = NULL, lease_token = NULL, lease_until = NULL
            WHERE id = $1 AND (state IN ('sent', 'unknown')
                OR (state = 'sending' AND phase = 'after-dot'))
            RETURNING id, event_id, account_id, template, class, content, address
        ), noticed AS (
            INSERT INTO notices (id, event_id, account_id, template, class, content, created_at)
            SELECT id, event_id, coalesce(survivor_id, account_id), template, class, content, $3
            FROM bounced LEFT JOIN LATERAL (
                SELECT survivor_id FROM merged_accounts WHERE absorbed_id = account_id LIMIT 1
            ) AS merged ON true
            WHERE account_id IS NOT NULL AND template <> ALL ($4)
            ON CONFLICT DO NOTHING
        )
        SELECT address FROM bounced
        """,
        delivery_id,
        status,
        now,
        [contents.template_of(kind) for kind in contents.AT_AN_ADDRESS_ONLY],
    )
    return address
