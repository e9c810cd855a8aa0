"""What becomes of a turn: marked before its final dot, settled under its lease, brought back."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from services.notify.ledger.model import DeliveryId
from services.notify.preferences.model import Means
from services.notify.sending.model import Abandoned, Dot, Phase, Settlement
from services.notify.sending.store.turns import SUPERSEDED, then
from services.notify.tellings import contents
from services.notify.tellings.model import MessageClass, Reason
from shared.db import Connection

NOTICED = (  # NT-8: of which a notice tells
    Reason.NO_ADDRESS,
    Reason.SUPPRESSED,
    Reason.ADDRESS_INVALID,
    Reason.REFUSED,
    Reason.SMTPUTF8_MISSING,
    Reason.GAVE_UP,
)


async def mark_dots(connection: Connection, dots: Sequence[Dot]) -> Sequence[bool]:
    """Record that these final dots go out now, and to where. False: stop.

    The lease is lost; or a link or username became void since its turn began (NT-6), or the number
    answered STOP, however long the server took: then the lease runs out, and the next turn says why
    it is not sent.
    """
    rows = await connection.fetch(
        f"""
        UPDATE deliveries AS d SET phase = 'after-dot', address = dot.address
        FROM unnest((SELECT $1::uuid[]), $2::uuid[], $3::text[], $4::timestamptz[])
            AS dot (id, token, address, now)
        WHERE d.id = ANY ((SELECT $1)::uuid[]) AND d.id = dot.id AND d.lease_token = dot.token
          AND (expires_at IS NULL OR expires_at > dot.now) AND NOT ({SUPERSEDED})
          AND NOT (channel = 'text-message' AND (
              SELECT since FROM stopped_numbers WHERE number = dot.address
          ) IS NOT NULL)
          AND NOT (template = ANY ($5) AND (
              SELECT survivor_id FROM merged_accounts WHERE absorbed_id = d.account_id
          ) IS NOT NULL)
        RETURNING d.id, d.lease_token AS token
        """,  # noqa: S608 - constants only
        [dot.delivery_id for dot in dots],
        [dot.token for dot in dots],
        [dot.address for dot in dots],
        [dot.now for dot in dots],
        [contents.template_of(kind) for kind in contents.MAILED_ONLY],
    )
    mine = {(row["id"], row["token"]) for row in rows}
    return [(dot.delivery_id, dot.token) in mine for dot in dots]


async def phase_of(connection: Connection, delivery_id: DeliveryId, token: UUID) -> Phase | None:
    """Return how far the attempt under this lease has come; None: the lease is lost."""
    phase = await connection.fetchval(
        "SELECT phase FROM deliveries WHERE id = $1 AND lease_token = $2",
        delivery_id,
        token,
    )
    return None if phase is None else Phase(phase)


async def settle(tx: Connection, settlements: Sequence[Settlement]) -> Sequence[bool]:
    """Record what became of each and of its attempt, with a notice where no mail can go (NT-8).

    False: the lease is lost, nothing changes.
    """
    rows = await tx.fetch(
        """
        WITH settled AS (
            UPDATE deliveries AS d
            SET state = now.state, reason = now.reason, unanswered = now.unanswered,
                due_at = coalesce(now.due_at, d.due_at),
                channel = coalesce(now.channel, d.channel),
                address = coalesce(now.address, d.address),
                address_id = CASE WHEN now.address IS NULL THEN d.address_id
                    ELSE now.address_id END,
                fallback = CASE WHEN now.address IS NULL THEN d.fallback
                    ELSE now.fallback::jsonb END,
                hop = d.hop + (now.address IS NOT NULL)::int,
                resent_at = CASE WHEN now.address IS NULL THEN d.resent_at ELSE now.at END,
                finished_at = CASE WHEN now.state <> 'queued' THEN now.at END,
                sealed = CASE WHEN now.state = 'queued' THEN sealed END,
                content = CASE WHEN now.state IN ('queued', 'unknown') THEN content
                    ELSE content - 'username' END,
                phase = NULL, lease_token = NULL, lease_until = NULL
            FROM unnest(
                (SELECT $1::uuid[]), $2::uuid[], $3::text[], $4::text[], $5::int[],
                $6::timestamptz[], $7::timestamptz[], $8::text[], $9::text[], $10::int[],
                $11::text[], $12::text[], $13::uuid[], $14::text[], $15::bool[], $16::text[]
            ) AS now (
                id, token, state, reason, unanswered, due_at, at, phase, outcome, smtp_code,
                enhanced_code, address, address_id, fallback, notice, channel
            )
            WHERE d.id = ANY ((SELECT $1)::uuid[]) AND d.id = now.id AND d.lease_token = now.token
            RETURNING
                d.id, d.attempts, d.attempted_at, d.event_id, d.account_id, d.template, d.class,
                d.content, d.reason, now.token, now.at, now.phase, now.outcome, now.smtp_code,
                now.enhanced_code, now.notice
        ), noticed AS (
            INSERT INTO notices (id, event_id, account_id, template, class, content, created_at)
            SELECT settled.id, event_id, coalesce(survivor_id, account_id), template, class,
                content, at
            FROM settled LEFT JOIN LATERAL (
                SELECT survivor_id FROM merged_accounts WHERE absorbed_id = account_id LIMIT 1
            ) AS merged ON true
            WHERE account_id IS NOT NULL AND (notice OR class = 'account-activity'
                AND reason = ANY ($17) AND template <> ALL ($18))
            ORDER BY event_id, account_id
            ON CONFLICT DO NOTHING
        ), attempted AS (
            INSERT INTO attempts
                (delivery_id, number, started_at, ended_at, phase, outcome, smtp_code,
                 enhanced_code)
            SELECT id, attempts, attempted_at, at, phase, outcome, smtp_code, enhanced_code
            FROM settled
            WHERE outcome IS NOT NULL
        )
        SELECT id, token FROM settled
        """,
        *zip(*(_columns(settlement) for settlement in settlements), strict=True),
        NOTICED,
        [contents.template_of(kind) for kind in contents.AT_AN_ADDRESS_ONLY],
    )
    mine = {(row["id"], row["token"]) for row in rows}
    return [(one.delivery_id, one.token) in mine for one in settlements]


def _columns(settlement: Settlement) -> tuple[object, ...]:
    verdict, answer = settlement.verdict, settlement.answer
    return (
        settlement.delivery_id,
        settlement.token,
        verdict.state,
        verdict.reason,
        verdict.unanswered,
        verdict.due_at,
        settlement.at,
        answer.phase if answer else None,
        answer.outcome if answer else None,
        answer.code if answer else None,
        answer.enhanced_code if answer else None,
        verdict.to.address if verdict.to else None,
        verdict.to.address_id if verdict.to else None,
        msgspec.json.encode(verdict.then).decode(),
        verdict.notice,
        verdict.to.means if verdict.to else None,
    )


async def list_abandoned(tx: Connection, *, now: datetime, limit: int) -> Sequence[Abandoned]:
    """Lock deliveries whose lease ran out; `now` is of the unshifted clock, as leases are."""
    rows = await tx.fetch(
        """
        SELECT id, lease_token, phase, class, channel, practice_id, attempts, unanswered,
            coalesce(correlation_id, event_id) AS correlation_id,
            coalesce(resent_at, created_at) AS waits_since, fallback::text AS fallback
        FROM deliveries
        WHERE state = 'sending' AND lease_until <= $1
        ORDER BY lease_until LIMIT $2
        FOR UPDATE SKIP LOCKED
        """,
        now,
        limit,
    )
    return [
        Abandoned(
            id=DeliveryId(row["id"]),
            lease_token=row["lease_token"],
            phase=Phase(row["phase"]),
            message_class=MessageClass(row["class"]),
            means=Means(row["channel"]),
            attempts=row["attempts"],
            correlation_id=row["correlation_id"],
            unanswered=row["unanswered"],
            waits_since=row["waits_since"],
            then=then(row),
        )
        for row in rows
    ]


async def expire(connection: Connection, *, now: datetime, limit: int) -> int:
    """End what waits with a dead link; the sealed secret goes at once."""
    rows = await connection.fetch(
        """
        UPDATE deliveries
        SET state = 'expired', reason = 'link_expired', sealed = NULL, finished_at = $1
        WHERE id IN (
            SELECT id FROM deliveries
            WHERE state = 'queued' AND expires_at IS NOT NULL AND expires_at <= $1
            ORDER BY expires_at LIMIT $2
            FOR UPDATE SKIP LOCKED
        ) AND state = 'queued'
        RETURNING id
        """,
        now,
        limit,
    )
    return len(rows)
