"""The projection of accounts: newer wins."""

import msgspec

from services.notify.model import Holder
from shared.contracts.identity import AccountChanged, AccountState, Enrolment, EnrolmentState
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.db import Connection


async def put(tx: Connection, account: AccountChanged, *, version: int) -> bool:
    """Apply a snapshot unless a newer one is here; order and repetition do not matter."""
    applied = await tx.fetchval(
        """
        INSERT INTO accounts (id, version, state, email, locale, time_zone, enrolments)
        VALUES ($1, $2, $3, $4, $5, $6, $7::text::jsonb)
        ON CONFLICT (id) DO UPDATE
        SET version = excluded.version, state = excluded.state, email = excluded.email,
            locale = excluded.locale, time_zone = excluded.time_zone,
            enrolments = excluded.enrolments
        WHERE accounts.version < excluded.version
        RETURNING true
        """,
        account.account_id,
        version,
        account.state,
        account.email,
        account.locale,
        account.time_zone,
        msgspec.json.encode(account.enrolments).decode(),
    )
    return applied is not None


async def find_by_patient(
    tx: Connection, practice_id: PracticeId, patient_id: PatientId
) -> tuple[Holder, bool] | None:
    """Return whose account the patient record belongs to, and whether it is enrolled now.

    A merge may leave the record with the absorbed account too: the living one counts, then the
    enrolled one.
    """
    enrolled = enrolment(practice_id, patient_id, EnrolmentState.ENROLLED)
    unenrolled = enrolment(practice_id, patient_id, EnrolmentState.UNENROLLED)
    row = await tx.fetchrow(
        """
        SELECT id, state, email, locale, time_zone, enrolments @> $1::text::jsonb AS enrolled
        FROM accounts
        WHERE enrolments @> $1::text::jsonb OR enrolments @> $2::text::jsonb
        ORDER BY state = 'merged', enrolments @> $1::text::jsonb DESC, version DESC
        LIMIT 1
        """,
        enrolled,
        unenrolled,
    )
    if row is None:
        return None
    holder = Holder(
        account_id=AccountId(row["id"]),
        state=AccountState(row["state"]),
        email=row["email"],
        locale=row["locale"],
        time_zone=row["time_zone"],
    )
    return holder, row["enrolled"]


def enrolment(practice_id: PracticeId, patient_id: PatientId, state: EnrolmentState) -> str:
    """Write an enrolment as `accounts.enrolments` holds it."""
    wanted = Enrolment(practice_id=practice_id, patient_id=patient_id, state=state)
    return msgspec.json.encode((wanted,)).decode()
