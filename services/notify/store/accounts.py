"""The projection of accounts: newer wins."""

import msgspec

from services.notify.model import Holder
from shared.contracts.identity import AccountChanged, AccountState, Enrolment, EnrolmentState
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.db import Connection
from shared.messaging import snapshots


async def keep(tx: Connection, account: AccountChanged, *, version: int) -> None:
    """Keep this snapshot unless one as new is kept already."""
    await snapshots.keep(
        tx,
        "accounts",
        "id",
        version=version,
        id=account.account_id,
        state=account.state,
        email=account.email,
        locale=account.locale,
        time_zone=account.time_zone,
        enrolments=msgspec.json.encode(account.enrolments).decode(),
    )


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
