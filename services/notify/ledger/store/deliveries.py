"""The ledger: what is to be sent, and what its readers see (NT-5, NT-6)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from services.notify.communications.store.communications import communication
from services.notify.ledger.model import DeliveryId, LedgerEntry, State, masked
from services.notify.preferences.model import Means
from services.notify.projections.store.merges import WHOSE
from services.notify.projections.store.records import SHOWN
from services.notify.tellings import contents
from services.notify.tellings.intents import Intent
from services.notify.tellings.model import MessageClass, Reason
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.contracts.log_on_names import same_name
from shared.db import Connection, Row


def names(templates: Iterable[str]) -> str:
    """Write names of templates, which are ours, as SQL does."""
    return "(" + ", ".join(f"'{name}'" for name in sorted(templates)) + ")"


COLUMNS = f"""
    id, class, template, channel, address, state, reason, created_at, finished_at,
    practice_id, patient_id, topic, reference,
    ARRAY(
        SELECT a.email FROM accounts AS a
        WHERE a.email IS NOT NULL AND a.id IN (deliveries.account_id, (
            SELECT survivor_id FROM merged_accounts WHERE absorbed_id = deliveries.account_id
        ))
        UNION ALL
        SELECT later.address FROM deliveries AS later
        WHERE deliveries.template IN {names(contents.TOLD_AS)}
            AND later.template IN {names(map(contents.template_of, contents.TO_AN_OWN_ADDRESS))}
            AND later.account_id = deliveries.account_id
            AND later.created_at >= deliveries.created_at
    ) AS own_addresses
"""  # noqa: S608 - constants only


Place = tuple[datetime, UUID]  # in the order of a practice's list, newest first
NEWEST: Place = (datetime(9999, 12, 31, tzinfo=UTC), UUID(int=2**128 - 1))  # after all there is


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """A message to be filed, and the digest of who is meant."""

    id: DeliveryId
    intent: Intent
    digest: bytes


async def add(tx: Connection, filings: Sequence[Filing], *, now: datetime) -> None:
    """File messages by one statement, with the notice of each that has no address (NT-8).

    What comes for an absorbed account is the survivor's, but for its links and its username: they
    are void, and void none of the survivor's. An intent that was filed before is left as it is:
    its key holds for ever.
    """
    await tx.execute(
        """
        WITH intent AS (
            SELECT intent.*, survivor_id, survivor_id IS NOT NULL AND dies AS void,
                $1::timestamptz AS filed_at
            FROM unnest(
                (SELECT $2::uuid[]), $3::uuid[], $4::bytea[], $5::text[], $6::text[], $7::text[],
                $8::uuid[], $9::uuid[], $10::uuid[], $11::text[], $12::text[], $13::text[],
                $14::text[], $15::text[], $16::text[], $17::text[], $18::text[], $19::text[],
                $20::timestamptz[], $21::timestamptz[], $22::text[], $23::text[], $24::bool[],
                $25::bool[], $26::bool[], $27::uuid[], $28::uuid[], $29::text[]
            ) WITH ORDINALITY AS intent (
                id, event_id, digest, template, class, channel, account_id, practice_id,
                patient_id, topic, reference, address, content, locale, time_zone, sealed,
                link_purpose, supersedes, expires_at, occurred_at, state, reason, noticed, dies,
                own_address_only, correlation_id, address_id, fallback, place
            )
            LEFT JOIN LATERAL (
                SELECT survivor_id FROM merged_accounts WHERE absorbed_id = account_id LIMIT 1
            ) AS merged ON true
        ), filed AS (
            INSERT INTO deliveries (
                id, event_id, recipient_digest, template, class, channel, account_id,
                practice_id, patient_id, topic, reference, address, content, locale, time_zone,
                sealed, link_purpose, supersedes, expires_at, occurred_at, created_at, due_at,
                state, reason, finished_at, own_address_only, correlation_id, address_id,
                fallback
            )
            SELECT
                id, event_id, digest, template, class, channel,
                coalesce(survivor_id, account_id), practice_id, patient_id, topic, reference,
                address,
                CASE WHEN void OR state <> 'queued'
                    THEN content::jsonb - 'username' ELSE content::jsonb END,
                locale, time_zone, CASE WHEN NOT void THEN sealed::jsonb END, link_purpose,
                CASE WHEN survivor_id IS NULL THEN supersedes END, expires_at, occurred_at,
                filed_at, filed_at, CASE WHEN void THEN 'cancelled' ELSE state END,
                CASE WHEN void THEN 'account_merged' ELSE reason END,
                CASE WHEN void OR state <> 'queued' THEN filed_at END, own_address_only,
                correlation_id, address_id, fallback::jsonb
            FROM intent
            ORDER BY place
            ON CONFLICT (event_id, recipient_digest, template) DO NOTHING
            RETURNING id, event_id, account_id, template, class, content, created_at
        )
        INSERT INTO notices (id, event_id, account_id, template, class, content, created_at)
        SELECT filed.* FROM filed JOIN intent USING (id) WHERE noticed
        ON CONFLICT DO NOTHING
        """,
        now,
        *zip(*(_columns(filing) for filing in filings), strict=True),
    )


def _columns(filing: Filing) -> tuple[object, ...]:
    intent = filing.intent
    link, of_practice = intent.link, intent.communication
    sealed = link.sealed if link else intent.not_me
    return (
        filing.id,
        intent.event_id,
        filing.digest,
        intent.template,
        intent.message_class,
        intent.means,
        intent.account_id,
        of_practice.practice_id if of_practice else None,
        of_practice.patient_id if of_practice else intent.patient_id,
        of_practice.topic if of_practice else None,
        of_practice.reference if of_practice else None,
        intent.address,
        contents.write(intent.content) if intent.content else None,
        intent.locale,
        intent.time_zone,
        msgspec.json.encode(sealed).decode() if sealed else None,
        link.purpose if link else None,
        intent.supersedes,
        min(link.expires_at, link.sealed.expires_at) if link else None,
        intent.occurred_at,
        filed_as(intent),
        intent.refusal,
        intent.noticed,
        intent.dies_with_account,
        intent.own_address_only,
        intent.correlation_id,
        intent.address_id,
        msgspec.json.encode(intent.then).decode(),
    )


def filed_as(intent: Intent) -> State:
    """A notice has arrived as it is written; what is not wanted is dropped; what has nowhere to go
    has failed.
    """
    if intent.refusal is Reason.NOT_WANTED:
        return State.CANCELLED
    if intent.refusal is not None:
        return State.FAILED
    return State.DELIVERED if intent.means is Means.PORTAL else State.QUEUED


async def drop(tx: Connection, absorbed_id: AccountId, *, now: datetime) -> None:
    """End what waits with a link or the username of the absorbed account; the sealed secret and the
    username go at once (NT-6).

    What a courier holds just now, or is filed beside this, is dropped when its turn comes.
    """
    await tx.execute(
        """
        UPDATE deliveries
        SET state = 'cancelled', reason = 'account_merged', sealed = NULL, finished_at = $2,
            content = content - 'username'
        WHERE account_id = $1 AND state = 'queued' AND template = ANY ($3)
        """,
        absorbed_id,
        now,
        [contents.template_of(kind) for kind in contents.MAILED_ONLY],
    )


async def of_account(
    connection: Connection, account_id: AccountId, *, limit: int
) -> Sequence[LedgerEntry]:
    """List what was sent to a person, newest first, so many of each class: a flood of one hides
    nothing of the other (NT-1). What was sent to accounts that it absorbed is its own (MG-9), what
    practices had sent only while it is enrolled there (UN-1).
    """
    rows = await connection.fetch(
        f"""
        WITH whose AS ({WHOSE})
        SELECT of_one.* FROM unnest($3::text[]) AS one (class)
        CROSS JOIN LATERAL (
            SELECT of_whom.* FROM whose
            CROSS JOIN LATERAL (
                SELECT {COLUMNS} FROM deliveries
                WHERE account_id = whose.id AND class = one.class AND {SHOWN}
                ORDER BY created_at DESC, id LIMIT $2
            ) AS of_whom
            ORDER BY of_whom.created_at DESC, of_whom.id LIMIT $2
        ) AS of_one
        ORDER BY of_one.created_at DESC, of_one.id
        """,  # noqa: S608 - constants only
        account_id,
        limit,
        list(MessageClass),
    )
    return [entry(row) for row in rows]


async def of_practice(
    connection: Connection, practice_id: PracticeId, *, before: Place, limit: int
) -> Sequence[LedgerEntry]:
    """List a practice's own communications, newest first; account activity is not among them."""
    rows = await connection.fetch(
        f"""
        SELECT {COLUMNS} FROM deliveries
        WHERE practice_id = $1 AND (created_at, id) < ($2, $3)
        ORDER BY created_at DESC, id DESC LIMIT $4
        """,  # noqa: S608 - the columns are a constant
        practice_id,
        *before,
        limit,
    )
    return [entry(row) for row in rows]


async def of_record(
    connection: Connection,
    practice_id: PracticeId,
    patient_id: PatientId,
    *,
    before: Place,
    limit: int,
) -> Sequence[LedgerEntry]:
    """The same of what was for one patient; of a record that is none of its own, nothing."""
    rows = await connection.fetch(
        f"""
        SELECT {COLUMNS} FROM deliveries
        WHERE patient_id = $1 AND practice_id = $2 AND (created_at, id) < ($3, $4)
        ORDER BY created_at DESC, id DESC LIMIT $5
        """,  # noqa: S608 - the columns are a constant
        patient_id,
        practice_id,
        *before,
        limit,
    )
    return [entry(row) for row in rows]


async def place(connection: Connection, practice_id: PracticeId, after: DeliveryId | None) -> Place:
    """Where a page begins: behind what was listed last, at the newest without it."""
    if after is None:
        return NEWEST
    at = await connection.fetchval(
        "SELECT created_at FROM deliveries WHERE id = $1 AND practice_id = $2", after, practice_id
    )
    return (at, after) if at else NEWEST


def entry(row: Row) -> LedgerEntry:
    return LedgerEntry(
        id=DeliveryId(row["id"]),
        message_class=MessageClass(row["class"]),
        template=row["template"],
        channel=Means(row["channel"]),
        address=masked(row["address"]) if row["address"] else None,
        own=is_own(row),
        state=State(row["state"]),
        reason=Reason(row["reason"]) if row["reason"] else None,
        created_at=row["created_at"],
        finished_at=row["finished_at"],
        communication=communication(row) if row["practice_id"] is not None else None,
    )


def is_own(row: Row) -> bool:
    """Whether its address is the account's by now, or was since, as identity tells addresses apart:
    then no other account can have verified it. Asked only of what is told by it, since it costs.
    """
    address = row["address"]
    if address is None or row["template"] not in contents.TOLD_AS:
        return False
    return any(same_name(address, own) for own in row["own_addresses"])
