"""The ledger: what is to be sent, and what its readers see (NT-5, NT-6)."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from services.notify import content as contents
from services.notify.model import (
    Channel,
    Communication,
    DeliveryId,
    Intent,
    LedgerEntry,
    MessageClass,
    Reason,
    State,
    masked,
)
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.contracts.notify import Topic
from shared.db import Connection, Row

COLUMNS = """
    id, class, template, channel, address, state, reason, created_at, finished_at,
    practice_id, patient_id, topic, reference,
    coalesce(lower(address) = (
        SELECT lower(a.email) FROM accounts AS a WHERE a.id = deliveries.account_id
    ), false) AS own
"""


async def add(
    tx: Connection, delivery_id: DeliveryId, intent: Intent, digest: bytes, *, now: datetime
) -> bool:
    """File one message. False where this intent was filed before: the key holds for ever."""
    refused = intent.refusal is not None
    link, of_practice = intent.link, intent.communication
    added = await tx.fetchval(
        """
        INSERT INTO deliveries (
            id, event_id, recipient_digest, template, class, channel, account_id,
            practice_id, patient_id, topic, reference, address, content, locale, time_zone,
            sealed, link_purpose, supersedes, expires_at, occurred_at, created_at, due_at,
            state, reason, finished_at
        )
        VALUES (
            $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::text::jsonb, $14, $15,
            $16::text::jsonb, $17, $18, $19, $20, $21, $21, $22, $23, $24
        )
        ON CONFLICT (event_id, recipient_digest, template) DO NOTHING
        RETURNING true
        """,
        delivery_id,
        intent.event_id,
        digest,
        intent.template,
        intent.message_class,
        Channel.EMAIL,
        intent.account_id,
        of_practice.practice_id if of_practice else None,
        of_practice.patient_id if of_practice else None,
        of_practice.topic if of_practice else None,
        of_practice.reference if of_practice else None,
        intent.address,
        contents.write(intent.content) if intent.content else None,
        intent.locale,
        intent.time_zone,
        msgspec.json.encode(link.sealed).decode() if link else None,
        link.purpose if link else None,
        intent.supersedes,
        min(link.expires_at, link.sealed.expires_at) if link else None,
        intent.occurred_at,
        now,
        State.FAILED if refused else State.QUEUED,
        intent.refusal,
        now if refused else None,
    )
    return added is not None


async def of_account(
    connection: Connection, account_id: AccountId, *, limit: int
) -> Sequence[LedgerEntry]:
    """List what was sent to a person, newest first, so many of each class: a flood of one hides
    nothing of the other (NT-1).
    """
    rows = await connection.fetch(
        f"""
        SELECT of_one.* FROM unnest($3::text[]) AS one (class)
        CROSS JOIN LATERAL (
            SELECT {COLUMNS} FROM deliveries
            WHERE account_id = $1 AND class = one.class ORDER BY created_at DESC, id LIMIT $2
        ) AS of_one
        ORDER BY of_one.created_at DESC, of_one.id
        """,  # noqa: S608 - the columns are a constant
        account_id,
        limit,
        list(MessageClass),
    )
    return [entry(row) for row in rows]


async def of_practice(
    connection: Connection, practice_id: PracticeId, *, limit: int
) -> Sequence[LedgerEntry]:
    """List a practice's own communications, newest first; account activity is not among them."""
    rows = await connection.fetch(
        f"""
        SELECT {COLUMNS} FROM deliveries
        WHERE practice_id = $1 ORDER BY created_at DESC, id LIMIT $2
        """,  # noqa: S608 - the columns are a constant
        practice_id,
        limit,
    )
    return [entry(row) for row in rows]


def entry(row: Row) -> LedgerEntry:
    of_practice = None
    if row["practice_id"] is not None:
        of_practice = Communication(
            practice_id=PracticeId(row["practice_id"]),
            patient_id=PatientId(row["patient_id"]),
            topic=Topic(row["topic"]),
            reference=row["reference"],
        )
    return LedgerEntry(
        id=DeliveryId(row["id"]),
        message_class=MessageClass(row["class"]),
        template=row["template"],
        channel=Channel(row["channel"]),
        address=masked(row["address"]) if row["address"] else None,
        own=row["own"],
        state=State(row["state"]),
        reason=Reason(row["reason"]) if row["reason"] else None,
        created_at=row["created_at"],
        finished_at=row["finished_at"],
        communication=of_practice,
    )
