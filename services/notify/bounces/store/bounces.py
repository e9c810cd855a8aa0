"""The ledger's side of a bounce."""

from datetime import datetime

from services.notify.sending.return_paths import Returned
from services.notify.tellings import contents
from shared.db import Connection


async def bounce(
    tx: Connection, returned: Returned, status: str | None, *, now: datetime
) -> str | None:
    """Record that it came back, and return from where. A practice communication takes its next way
    (NT-2); where that is a notice, and of account activity always, one stands in (NT-8).

    None: it was not sent, came back before, or has gone on to another address. It may come back
    before its courier has recorded that it was taken: then the courier's lease is lost. What an
    operator has queued again comes back once more. Whoever delivered it may have sent it on: that
    it failed there outweighs a receipt.
    """
    address: str | None = await tx.fetchval(
        """
        WITH returned AS (
            SELECT id, address, fallback -> 0 AS following,
                practice_id IS NOT NULL AND fallback -> 0 ->> 'means' <> 'portal' AS onward
            FROM deliveries
            WHERE id = $1 AND hop = $2 AND (state IN ('sent', 'unknown', 'delivered')
                OR (state = 'sending' AND phase = 'after-dot'))
            FOR UPDATE
        ), onward AS (
            UPDATE deliveries AS d
            SET state = 'queued', reason = NULL, finished_at = NULL, hop = d.hop + 1,
                channel = following ->> 'means', address = following ->> 'address',
                address_id = (following ->> 'address_id')::uuid, fallback = d.fallback - 0,
                due_at = $4, resent_at = $4, unanswered = 0,
                phase = NULL, lease_token = NULL, lease_until = NULL
            FROM returned WHERE d.id = returned.id AND onward
        ), bounced AS (
            UPDATE deliveries AS d
            SET state = 'bounced', reason = NULL, bounce_status = $3, finished_at = $4,
                sealed = NULL, content = content - 'username',
                phase = NULL, lease_token = NULL, lease_until = NULL
            FROM returned WHERE d.id = returned.id AND onward IS NOT TRUE
            RETURNING d.id, event_id, account_id, template, class, content, following
        ), noticed AS (
            INSERT INTO notices (id, event_id, account_id, template, class, content, created_at)
            SELECT id, event_id, coalesce(survivor_id, account_id), template, class, content, $4
            FROM bounced LEFT JOIN LATERAL (
                SELECT survivor_id FROM merged_accounts WHERE absorbed_id = account_id LIMIT 1
            ) AS merged ON true
            WHERE account_id IS NOT NULL AND template <> ALL ($5)
              AND (class = 'account-activity' OR following IS NOT NULL)
            ON CONFLICT DO NOTHING
        )
        SELECT address FROM returned
        """,
        returned.delivery_id,
        returned.hop,
        status,
        now,
        [contents.template_of(kind) for kind in contents.AT_AN_ADDRESS_ONLY],
    )
    return address


async def arrive(tx: Connection, returned: Returned, *, now: datetime) -> bool:
    """Record that it was delivered; what waits to be sent again, since no answer came, is not.

    False: it was not sent, was told before, or has gone on to another address.
    """
    mine = await tx.fetchval(
        """
        UPDATE deliveries
        SET state = 'delivered', reason = NULL, finished_at = $3, sealed = NULL,
            content = content - 'username', phase = NULL, lease_token = NULL, lease_until = NULL
        WHERE id = $1 AND hop = $2 AND channel = 'email' AND (state IN ('sent', 'unknown')
            OR (state = 'sending' AND phase = 'after-dot')
            OR (state = 'queued' AND unanswered > 0))
        RETURNING true
        """,
        returned.delivery_id,
        returned.hop,
        now,
    )
    return mine is not None
