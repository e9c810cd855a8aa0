"""Enrolments in the database: whose a patient record is, and whether it is enrolled there."""

from datetime import datetime

from services.identity.accounts.store import accounts as account_store
from services.identity.patients.model import PatientEnrolment
from shared.contracts.identity import EnrolmentState
from shared.contracts.ids import AccountId, PatientId
from shared.contracts.matching import Named
from shared.db import Connection


async def find(tx: Connection, patient_id: PatientId) -> PatientEnrolment | None:
    """Look up by the record; None: it never had an account."""
    row = await tx.fetchrow(
        "SELECT account_id, state FROM enrolments WHERE patient_id = $1", patient_id
    )
    if row is None:
        return None
    return PatientEnrolment(account_id=row["account_id"], state=EnrolmentState(row["state"]))


async def hold_account(tx: Connection, patient_id: PatientId) -> AccountId | None:
    """Hold the account that the record belongs to until commit; None: it never had one.

    A merge that was waited for has given the record to the survivor: then the absorbed account is
    let go before the survivor is held. Never two at once, so there is no order to break.
    """
    while (found := await find(tx, patient_id)) is not None:
        savepoint = tx.transaction()
        await savepoint.start()
        await account_store.hold(tx, found.account_id)
        still = await find(tx, patient_id)
        if still is not None and still.account_id == found.account_id:
            await savepoint.commit()
            return found.account_id
        await savepoint.rollback()
    return None


async def end(tx: Connection, patient_id: PatientId) -> bool:
    """Un-enrol the record. True for one caller only."""
    return await _change(
        tx,
        patient_id,
        before=EnrolmentState.ENROLLED,
        after=EnrolmentState.UNENROLLED,
        seen_at=None,
    )


async def reactivate(tx: Connection, patient_id: PatientId, *, now: datetime) -> bool:
    """Enrol the record again with the account it belongs to. True for one caller only."""
    return await _change(
        tx,
        patient_id,
        before=EnrolmentState.UNENROLLED,
        after=EnrolmentState.ENROLLED,
        seen_at=now,
    )


async def records(tx: Connection, account_id: AccountId) -> tuple[Named, ...]:
    """What the practices say of the account's holder (EN-5, MG-2); who was un-enrolled as well."""
    rows = await tx.fetch(
        """
        SELECT p.last_name, p.birth_date
        FROM enrolments e JOIN patients p ON p.id = e.patient_id
        WHERE e.account_id = $1
        """,
        account_id,
    )
    return tuple(Named(row["last_name"], row["birth_date"]) for row in rows)


async def _change(
    tx: Connection,
    patient_id: PatientId,
    *,
    before: EnrolmentState,
    after: EnrolmentState,
    seen_at: datetime | None,
) -> bool:
    """Whoever is un-enrolled is dormant no more, and who is enrolled again is not yet (UN-2)."""
    changed = await tx.fetchval(
        """
        WITH changed AS (
            UPDATE enrolments SET state = $3 WHERE patient_id = $1 AND state = $2
            RETURNING patient_id
        )
        UPDATE patients SET seen_at = $4 FROM changed WHERE id = changed.patient_id
        RETURNING id
        """,
        patient_id,
        before,
        after,
        seen_at,
    )
    return changed is not None
