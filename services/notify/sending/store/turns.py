"""Turns: who may send a delivery now. A lease with a fence, its token in every statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from services.notify.ledger.model import DeliveryId
from services.notify.preferences.model import Means
from services.notify.sending.model import Turn
from services.notify.tellings import contents
from services.notify.tellings.intents import Destination
from services.notify.tellings.model import MessageClass
from shared.contracts.identity import AccountState, EnrolmentState
from shared.contracts.ids import AccountId, EventId, PracticeId
from shared.contracts.sealed import Sealed, SealPurpose
from shared.db import Connection, Row

LOWEST = PracticeId(UUID(int=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """What a courier holds a turn by. `until` is of the unshifted clock: it measures real delay."""

    token: UUID
    until: datetime
    limit: int


SUPERSEDED = """
    d.link_purpose IS NOT NULL AND EXISTS (
        SELECT FROM deliveries AS newer
        WHERE newer.supersedes = d.link_purpose AND newer.occurred_at > d.occurred_at
          AND (d.link_purpose NOT IN ('notification-address', 'notification-number')
              OR newer.address = d.address)
          AND (newer.account_id = d.account_id OR d.account_id IS NULL
              AND newer.account_id IS NULL AND newer.patient_id = d.patient_id)
    )
"""

CHOSEN = """
    coalesce(
        (
            SELECT array_agg(own.channel) FROM notification_preferences AS own
            WHERE own.practice_id = d.practice_id AND own.patient_id = d.patient_id
              AND own.topic = d.topic
        ),
        (
            SELECT array_agg(rest.channel) FROM notification_preferences AS rest
            WHERE rest.practice_id = d.practice_id AND rest.patient_id = d.patient_id
              AND rest.topic = 'any'
        )
    )
"""

TAKE = f"""
    UPDATE deliveries AS d
    SET state = 'sending', phase = 'connecting', attempts = d.attempts + 1,
        lease_token = $1, lease_until = $2, attempted_at = $3
    FROM due
    LEFT JOIN LATERAL (
        SELECT survivor_id FROM merged_accounts WHERE absorbed_id = due.account_id LIMIT 1
    ) AS m ON true
    LEFT JOIN LATERAL (
        SELECT id, state, email, time_zone FROM accounts
        WHERE id = coalesce(m.survivor_id, due.account_id) LIMIT 1
    ) AS a ON true
    WHERE d.id = due.id
    RETURNING
        d.id, d.event_id, d.class, d.channel, d.practice_id, d.account_id, d.address,
        d.content::text AS content, d.locale, d.time_zone,
        coalesce(a.time_zone, d.time_zone) AS zone_of_now, d.sealed::text AS sealed,
        d.link_purpose, d.expires_at,
        coalesce(d.correlation_id, d.event_id) AS correlation_id, d.own_address_only,
        coalesce(d.resent_at, d.created_at) AS waits_since, d.attempts, d.unanswered,
        {SUPERSEDED} AS superseded, {CHOSEN} AS chosen,
        m.survivor_id IS NOT NULL AS absorbed, a.state AS account_state,
        CASE WHEN d.address_id IS NULL THEN coalesce(
            (
                SELECT own.address FROM notification_addresses AS own
                WHERE d.link_purpose = 'username' AND own.account_id = a.id
                  AND own.kind = 'email' AND own.verified_at IS NOT NULL
                  AND own.address = d.address
                LIMIT 1
            ),
            a.email
        ) ELSE (
            SELECT chosen.address FROM notification_addresses AS chosen
            WHERE chosen.id = d.address_id AND chosen.verified_at IS NOT NULL
              AND (chosen.account_id IN (a.id, d.account_id) OR EXISTS (
                  SELECT FROM accounts WHERE id = chosen.account_id AND state = 'merged'
              ))
        ) END AS account_email,
        d.fallback::text AS fallback, d.hop,
        (
            SELECT mine.state FROM patient_records AS mine
            WHERE mine.patient_id = d.patient_id AND mine.practice_id = d.practice_id
              AND mine.account_id = a.id
        ) AS enrolment,
        d.practice_id IS NOT NULL AND EXISTS (
            SELECT FROM patient_records AS known
            JOIN accounts AS other ON other.id = known.account_id
            WHERE known.patient_id = d.patient_id AND known.practice_id = d.practice_id
              AND known.account_id <> a.id AND known.state = 'enrolled' AND other.state <> 'merged'
              AND (SELECT survivor_id FROM merged_accounts WHERE absorbed_id = other.id) IS NULL
        ) AS contested
"""  # noqa: S608 - constants only


RING = """
    WITH RECURSIVE ring AS (
        (
            SELECT practice_id, due_at FROM deliveries
            WHERE class = 'practice-communication' AND state = 'queued' AND channel = $2
              AND practice_id > $1
            ORDER BY practice_id, due_at LIMIT 1
        )
        UNION ALL
        SELECT following.practice_id, following.due_at
        FROM ring CROSS JOIN LATERAL (
            SELECT d.practice_id, d.due_at FROM deliveries AS d
            WHERE d.class = 'practice-communication' AND d.state = 'queued' AND d.channel = $2
              AND d.practice_id > ring.practice_id
            ORDER BY d.practice_id, d.due_at LIMIT 1
        ) AS following
    )
"""


async def take_activity(
    tx: Connection, lease: Lease, means: Means, *, now: datetime
) -> Sequence[Turn]:
    """Take the longest due account activity that goes this way."""
    rows = await tx.fetch(
        f"""
        WITH due AS MATERIALIZED (
            SELECT id, account_id FROM deliveries
            WHERE class = 'account-activity' AND state = 'queued' AND channel = $5
              AND due_at <= $3
            ORDER BY due_at LIMIT $4
            FOR UPDATE SKIP LOCKED
        )
        {TAKE}
        """,  # noqa: S608 - constants only
        lease.token,
        lease.until,
        now,
        lease.limit,
        means,
    )
    return [turn(row) for row in rows]


async def take_communications(
    tx: Connection, lease: Lease, means: Means, practices: Sequence[PracticeId], *, now: datetime
) -> Sequence[Turn]:
    """Take each of these practices' longest due, as many of one as of another."""
    rows = await tx.fetch(
        f"""
        WITH due AS MATERIALIZED (
            SELECT of_one.id, of_one.account_id
            FROM unnest((SELECT $5::uuid[])) AS practice (id)
            CROSS JOIN LATERAL (
                SELECT id, account_id FROM deliveries
                WHERE class = 'practice-communication' AND state = 'queued' AND channel = $6
                  AND practice_id = practice.id AND due_at <= $3
                ORDER BY due_at LIMIT $4
                FOR UPDATE SKIP LOCKED
            ) AS of_one
        )
        {TAKE}
        """,  # noqa: S608 - constants only
        lease.token,
        lease.until,
        now,
        -(-lease.limit // len(practices)),
        list(practices),
        means,
    )
    return [turn(row) for row in rows]


async def practices_due(
    connection: Connection, means: Means, *, after: PracticeId, limit: int, now: datetime
) -> Sequence[PracticeId]:
    """List practices with something due, going round from behind `after`.

    It hops from practice to practice in the index: 100,000 waiting messages of one cost one hop,
    and so do 100,000 that quiet hours or a back-off hold, of which the first is not due.
    """
    rows = await connection.fetch(
        f"{RING} SELECT practice_id FROM ring WHERE due_at <= $3 LIMIT $4",  # noqa: S608 - a constant
        after,
        means,
        now,
        limit,
    )
    return [PracticeId(row["practice_id"]) for row in rows]


async def renew(
    connection: Connection, ids: Sequence[DeliveryId], token: UUID, *, until: datetime
) -> None:
    """Hold on to these. What was lost stays lost; what is being marked or settled is not waited
    for, who does that may wait for this: the next renewal comes well before the lease is over.
    """
    await connection.execute(
        """
        UPDATE deliveries SET lease_until = $3
        WHERE id IN (
            SELECT id FROM deliveries
            WHERE id = ANY ((SELECT $1::uuid[])::uuid[]) AND lease_token = $2
            FOR NO KEY UPDATE SKIP LOCKED
        )
        """,
        ids,
        token,
        until,
    )


async def hand_back(connection: Connection, ids: Sequence[DeliveryId], token: UUID) -> None:
    """Queue these again as if they had never been taken. Not what may have been sent: its dot is
    marked before it goes out, and what is handed back can be marked no more.
    """
    await connection.execute(
        """
        UPDATE deliveries
        SET state = 'queued', attempts = attempts - 1,
            phase = NULL, lease_token = NULL, lease_until = NULL
        WHERE id = ANY ((SELECT $1::uuid[])::uuid[]) AND lease_token = $2 AND phase = 'connecting'
        """,
        ids,
        token,
    )


def turn(row: Row) -> Turn:
    return Turn(
        id=DeliveryId(row["id"]),
        event_id=EventId(row["event_id"]),
        message_class=MessageClass(row["class"]),
        account_id=AccountId(row["account_id"]) if row["account_id"] else None,
        means=Means(row["channel"]),
        address=row["address"],
        content=contents.read(row["content"]),
        locale=row["locale"],
        time_zone=row["time_zone"],
        zone_of_now=row["zone_of_now"],
        sealed=msgspec.json.decode(row["sealed"], type=Sealed) if row["sealed"] else None,
        link_purpose=SealPurpose(row["link_purpose"]) if row["link_purpose"] else None,
        expires_at=row["expires_at"],
        correlation_id=row["correlation_id"],
        own_address_only=row["own_address_only"],
        waits_since=row["waits_since"],
        attempts=row["attempts"],
        unanswered=row["unanswered"],
        superseded=row["superseded"],
        absorbed=row["absorbed"],
        account_state=AccountState(row["account_state"]) if row["account_state"] else None,
        account_email=row["account_email"],
        enrolment=EnrolmentState(row["enrolment"]) if row["enrolment"] else None,
        contested=row["contested"],
        then=then(row),
        hop=row["hop"],
        practice_id=PracticeId(row["practice_id"]) if row["practice_id"] else None,
        chosen=frozenset(map(Means, row["chosen"])) if row["chosen"] else None,
    )


def then(row: Row) -> tuple[Destination, ...]:
    """Where a practice communication goes next; rows of before have a default for all."""
    if row["practice_id"] is None:
        return ()
    return msgspec.json.decode(row["fallback"], type=tuple[Destination, ...])
