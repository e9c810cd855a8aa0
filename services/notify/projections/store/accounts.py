"""The projection of accounts and of the patient records they have: newer wins."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from services.notify.projections.model import Account, Found
from shared.contracts.envelope import Received
from shared.contracts.identity import ACCOUNT_CHANGED, AccountChanged, AccountState
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.db import Connection, Row
from shared.messaging.snapshots import Projection

PROJECTION = Projection(
    name="accounts",
    contract=ACCOUNT_CHANGED,
    key="id",
    parts={"patient_records": "account_id"},
)

PatientRecord = tuple[PracticeId, PatientId]


async def keep(tx: Connection, *events: Received[AccountChanged]) -> None:
    """Keep each snapshot unless one as new is kept already.

    A merged account keeps the patient records it had: who asks for one of them waits until the
    survivor's snapshot names it (MG-9).
    """
    await PROJECTION.keep(
        tx,
        [
            {
                "version": event.version,
                "id": account.account_id,
                "state": account.state,
                "email": account.email,
                "locale": account.locale,
                "time_zone": account.time_zone,
            }
            for event in events
            for account in (event.data,)
        ],
    )
    await _keep_records(
        tx, [event for event in events if event.data.state is not AccountState.MERGED]
    )


async def version_of(connection: Connection, account_id: AccountId) -> int:
    """Return the version that is known; 0 of an account that was not heard of."""
    found: int | None = await connection.fetchval(
        "SELECT version FROM accounts WHERE id = $1", account_id
    )
    return found or 0


async def hold(tx: Connection, account_id: AccountId) -> Account | None:
    """Look an account up and hold it until commit: what it has so many of is counted under it."""
    row = await tx.fetchrow(
        """
        SELECT id, state, email, locale, time_zone FROM accounts WHERE id = $1 FOR NO KEY UPDATE
        """,
        account_id,
    )
    return _account(row) if row else None


async def having(connection: Connection, number: str) -> Account | None:
    """Return the account that has had this number longest, verified before others.

    None: nobody's.
    """
    row = await connection.fetchrow(
        """
        SELECT accounts.id, state, email, locale, time_zone
        FROM notification_addresses AS known JOIN accounts ON accounts.id = account_id
        WHERE kind = 'phone' AND key = $1
        ORDER BY verified_at NULLS LAST, added_at LIMIT 1
        """,
        number,
    )
    return _account(row) if row else None


async def own_addresses(connection: Connection, account_id: AccountId) -> Sequence[str]:
    """Return the addresses that are proven to be this account's."""
    rows = await connection.fetch(
        """
        SELECT email AS address FROM accounts WHERE id = $1 AND email IS NOT NULL
        UNION
        SELECT address FROM notification_addresses
        WHERE account_id = $1 AND verified_at IS NOT NULL
        """,
        account_id,
    )
    return [row["address"] for row in rows]


async def _keep_records(tx: Connection, events: Sequence[Received[AccountChanged]]) -> None:
    """Keep what the snapshots that were kept just now name. Their rows are locked until commit."""
    await tx.executemany(
        """
        WITH kept AS (
            SELECT FROM accounts WHERE id = $1 AND version = $2
        ), gone AS (
            DELETE FROM patient_records
            WHERE account_id = $1 AND patient_id <> ALL ($3::uuid[]) AND EXISTS (SELECT FROM kept)
        )
        INSERT INTO patient_records AS known (patient_id, practice_id, state, account_id)
        SELECT one.*, $1
        FROM unnest($3::uuid[], $4::uuid[], $5::text[]) AS one (patient_id, practice_id, state)
        WHERE EXISTS (SELECT FROM kept)
        ON CONFLICT (patient_id, account_id) DO UPDATE
        SET practice_id = excluded.practice_id, state = excluded.state
        WHERE (known.practice_id, known.state) <> (excluded.practice_id, excluded.state)
        """,
        [
            (
                event.data.account_id,
                event.version,
                [enrolment.patient_id for enrolment in event.data.enrolments],
                [enrolment.practice_id for enrolment in event.data.enrolments],
                [enrolment.state for enrolment in event.data.enrolments],
            )
            for event in events
        ],
    )


async def find_by_patient(
    tx: Connection, records: Collection[PatientRecord]
) -> Mapping[PatientRecord, Sequence[Found]]:
    """Return the accounts that have each patient record, those that are not gone first.

    A record belongs to one account at most; while what a merge publishes is still arriving, both
    may have it here, or only the one that is gone.
    """
    rows = await tx.fetch(
        """
        SELECT asked.practice_id, asked.patient_id, found.*
        FROM unnest((SELECT $1::uuid[]), $2::uuid[]) AS asked (practice_id, patient_id)
        CROSS JOIN LATERAL (
            SELECT a.id, a.version, a.state, a.email, a.locale, a.time_zone,
                known.state = 'enrolled' AS enrolled,
                a.state = 'merged' OR (
                    SELECT survivor_id FROM merged_accounts WHERE absorbed_id = a.id
                ) IS NOT NULL AS gone
            FROM patient_records AS known JOIN accounts AS a ON a.id = known.account_id
            WHERE known.patient_id = asked.patient_id AND known.practice_id = asked.practice_id
            ORDER BY gone, enrolled DESC, a.version DESC
            LIMIT 2
        ) AS found
        ORDER BY gone, enrolled DESC, version DESC
        """,
        [practice_id for practice_id, _ in records],
        [patient_id for _, patient_id in records],
    )
    found: dict[PatientRecord, list[Found]] = defaultdict(list)
    for row in rows:
        found[row["practice_id"], row["patient_id"]].append(
            Found(
                account=_account(row),
                enrolled=row["enrolled"],
                gone=row["gone"],
            )
        )
    return found


def _account(row: Row) -> Account:
    return Account(
        account_id=AccountId(row["id"]),
        state=AccountState(row["state"]),
        email=row["email"],
        locale=row["locale"],
        time_zone=row["time_zone"],
    )
