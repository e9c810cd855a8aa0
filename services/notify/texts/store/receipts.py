"""The ledger's side of a receipt: what became of a text message that its provider had taken."""

from collections.abc import Sequence
from datetime import datetime

from services.notify.ledger.model import DeliveryId, State
from services.notify.sending.store.turns import then
from services.notify.tellings.intents import Destination
from services.notify.tellings.model import Reason
from services.notify.texts.model import Texted
from shared.db import Connection


async def end(
    tx: Connection,
    texted: Texted,
    state: State,
    reason: Reason | None,
    *,
    now: datetime,
) -> Sequence[Destination] | None:
    """Record what became of it; return where it goes next, which nobody does where it arrived.

    None: it was not out, was told before, was sent again since or goes another way by now. Its
    receipt may come before its courier has recorded that it was taken: then the courier's lease is
    lost. What arrived is not sent again, where that waits.
    """
    row = await tx.fetchrow(
        """
        UPDATE deliveries
        SET state = $2, reason = $3, finished_at = $4, sealed = NULL,
            phase = NULL, lease_token = NULL, lease_until = NULL
        WHERE id = $1 AND channel = 'text-message' AND hop = $5 AND CASE
            WHEN state IN ('sent', 'unknown') OR (state = 'sending' AND phase = 'after-dot')
                THEN attempts = coalesce($6, attempts)
            ELSE state = 'queued' AND $2 = 'delivered' AND attempts >= $6
        END
        RETURNING practice_id, fallback::text AS fallback
        """,
        texted.delivery_id,
        state,
        reason,
        now,
        texted.hop,
        texted.attempt,
    )
    return None if row is None else then(row)


async def go_on(
    tx: Connection,
    delivery_id: DeliveryId,
    to: Destination,
    fallback: str,
    *,
    now: datetime,
) -> None:
    """Queue it again for another address (NT-2)."""
    await tx.execute(
        """
        UPDATE deliveries
        SET state = 'queued', reason = NULL, finished_at = NULL, channel = $2, address = $3,
            address_id = $4, fallback = $5::jsonb, due_at = $6, resent_at = $6,
            hop = hop + 1, unanswered = 0
        WHERE id = $1
        """,
        delivery_id,
        to.means,
        to.address,
        to.address_id,
        fallback,
        now,
    )


async def notice(tx: Connection, delivery_id: DeliveryId, *, now: datetime) -> None:
    """Let a notice stand in for it (NT-8)."""
    await tx.execute(
        """
        INSERT INTO notices (id, event_id, account_id, template, class, content, created_at)
        SELECT id, event_id, coalesce(survivor_id, account_id), template, class, content, $2
        FROM deliveries LEFT JOIN LATERAL (
            SELECT survivor_id FROM merged_accounts WHERE absorbed_id = account_id LIMIT 1
        ) AS merged ON true
        WHERE id = $1 AND account_id IS NOT NULL
        ON CONFLICT DO NOTHING
        """,
        delivery_id,
        now,
    )
