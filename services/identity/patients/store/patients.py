"""Patient records and their enrolments in the database."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from services.identity.patients.model import Patient, PatientName
from services.identity.patients.store import names
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.db import Connection

_PATIENT = """
    p.id, p.practice_id, p.version, p.number, p.last_name, p.first_name, p.birth_date,
    p.home_phone, p.address, p.email
"""


async def add(tx: Connection, patient: Patient, *, now: datetime) -> bool:
    """Insert a record. False where its person number is taken, also in a race."""
    return patient.id in await add_all(tx, [patient], now=now)


async def add_all(
    tx: Connection, patients: Sequence[Patient], *, now: datetime
) -> frozenset[PatientId]:
    """Insert these, and return which were; the rest have a person number that is taken.

    In the order of their numbers, so that two who submit the same never wait for each other.
    """
    rows = await tx.fetch(
        """
        INSERT INTO patients (
            id, practice_id, version, number, last_name, first_name, birth_date, home_phone,
            address, email, created_at, named
        )
        SELECT made.*, $11, true
        FROM unnest(
            $1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::date[],
            $8::text[], $9::text[], $10::text[]
        ) AS made (
            id, practice_id, version, number, last_name, first_name, birth_date, home_phone,
            address, email
        )
        ORDER BY made.number
        ON CONFLICT (practice_id, number) DO NOTHING
        RETURNING id
        """,
        [patient.id for patient in patients],
        [patient.practice_id for patient in patients],
        [patient.version for patient in patients],
        [patient.number for patient in patients],
        [patient.last_name for patient in patients],
        [patient.first_name for patient in patients],
        [patient.birth_date for patient in patients],
        [patient.home_phone for patient in patients],
        [patient.address for patient in patients],
        [patient.email for patient in patients],
        now,
    )
    added = frozenset(PatientId(row["id"]) for row in rows)
    if added:
        await names.keep(tx, [_named(patient) for patient in patients if patient.id in added])
    return added


async def correct(tx: Connection, patient: Patient) -> Patient | None:
    """Write a record as it is to be, if it is still at that version; return it at the next one.

    None where another correction was first.
    """
    version = await tx.fetchval(
        """
        UPDATE patients
        SET last_name = $3, first_name = $4, birth_date = $5, home_phone = $6, address = $7,
            email = $8, version = version + 1
        WHERE id = $1 AND version = $2
        RETURNING version
        """,
        patient.id,
        patient.version,
        patient.last_name,
        patient.first_name,
        patient.birth_date,
        patient.home_phone,
        patient.address,
        patient.email,
    )
    if version is None:
        return None
    await names.keep(tx, [_named(patient)])
    return replace(patient, version=version)


async def find(
    connection: Connection, practice_id: PracticeId, patient_id: PatientId
) -> Patient | None:
    """Look up a practice's own record, with whom it belongs to."""
    row = await connection.fetchrow(
        f"""
        SELECT {_PATIENT}, e.account_id
        FROM patients p LEFT JOIN enrolments e ON e.patient_id = p.id
        WHERE p.id = $1 AND p.practice_id = $2
        """,  # noqa: S608 - columns of ours
        patient_id,
        practice_id,
    )
    return Patient(**row) if row else None


async def hold(tx: Connection, practice_id: PracticeId, patient_id: PatientId) -> Patient | None:
    """Look up a practice's own record and hold it until commit.

    Issuing and using a token both hold the record first and the token then: no deadlock, and one
    at a time.
    """
    return next(iter(await hold_all(tx, practice_id, [patient_id])), None)


async def hold_all(
    tx: Connection, practice_id: PracticeId, patient_ids: Sequence[PatientId]
) -> Sequence[Patient]:
    """The same of many, in the order of their ids."""
    rows = await tx.fetch(
        f"""
        SELECT {_PATIENT} FROM patients p
        WHERE p.id = ANY ($1) AND p.practice_id = $2
        ORDER BY p.id
        FOR NO KEY UPDATE
        """,  # noqa: S608 - columns of ours
        patient_ids,
        practice_id,
    )
    # Read after the lock: the subquery of a locking statement would see what was before it.
    holders = {
        row["patient_id"]: row["account_id"]
        for row in await tx.fetch(
            "SELECT patient_id, account_id FROM enrolments WHERE patient_id = ANY ($1)", patient_ids
        )
    }
    return [Patient(**row, account_id=holders.get(row["id"])) for row in rows]


async def numbered(
    tx: Connection, practice_id: PracticeId, numbers: Sequence[str]
) -> Mapping[str, Patient]:
    """A practice's own records by these numbers."""
    rows = await tx.fetch(
        f"""
        SELECT {_PATIENT}
        FROM patients p
        WHERE p.practice_id = $1 AND p.number = ANY ($2)
        """,  # noqa: S608 - columns of ours
        practice_id,
        numbers,
    )
    return {row["number"]: Patient(**row, account_id=None) for row in rows}


async def invited_first(
    tx: Connection, patient_ids: Sequence[PatientId], *, now: datetime
) -> frozenset[PatientId]:
    """Note that these are invited, and return who never was before."""
    rows = await tx.fetch(
        """
        UPDATE patients SET invited_at = $2
        WHERE id = ANY ($1) AND invited_at IS NULL
        RETURNING id
        """,
        patient_ids,
        now,
    )
    return frozenset(PatientId(row["id"]) for row in rows)


async def find_all(tx: Connection, patient_ids: Sequence[PatientId]) -> Sequence[Patient]:
    """Read these records, whosever they are, each with whom it belongs to."""
    rows = await tx.fetch(
        f"""
        SELECT {_PATIENT}, e.account_id
        FROM patients p LEFT JOIN enrolments e ON e.patient_id = p.id
        WHERE p.id = ANY ($1)
        ORDER BY p.id
        """,  # noqa: S608 - columns of ours
        patient_ids,
    )
    return [Patient(**row) for row in rows]


async def belongs(tx: Connection, patient_id: PatientId, practice_id: PracticeId) -> bool:
    """Whether this is a record of that practice, which it stays for ever."""
    return bool(
        await tx.fetchval(
            "SELECT EXISTS (SELECT FROM patients WHERE id = $1 AND practice_id = $2)",
            patient_id,
            practice_id,
        )
    )


async def enrol(
    tx: Connection, patient: Patient, account_id: AccountId, *, now: datetime
) -> Patient:
    """Give the record to the account; return it at its new version."""
    await tx.execute(
        """
        INSERT INTO enrolments (patient_id, account_id, state, enrolled_at)
        VALUES ($1, $2, 'enrolled', $3)
        """,
        patient.id,
        account_id,
        now,
    )
    row = await tx.fetchrow(
        f"UPDATE patients p SET version = version + 1, seen_at = $2 WHERE id = $1 "  # noqa: S608 - columns of ours
        f"RETURNING {_PATIENT}",
        patient.id,
        now,
    )
    assert row is not None, "the record is held by this transaction"  # noqa: S101
    return Patient(**row, account_id=account_id)


async def hand_over(
    tx: Connection, absorbed_id: AccountId, survivor_id: AccountId
) -> tuple[Patient, ...]:
    """Give every record of the one account to the other; return them at their new versions (MG-5).

    Both accounts are held.
    """
    held = await _hold_of(tx, absorbed_id)
    await tx.execute(
        "UPDATE enrolments SET account_id = $2 WHERE account_id = $1", absorbed_id, survivor_id
    )
    return await _renew(tx, held, survivor_id)


async def renew(tx: Connection, account_id: AccountId) -> tuple[Patient, ...]:
    """Return every record of an account at a new version, to be told again. The account is held."""
    return await _renew(tx, await _hold_of(tx, account_id), account_id)


async def _hold_of(tx: Connection, account_id: AccountId) -> Sequence[PatientId]:
    """Hold an account's records, in the order of their ids."""
    held = await tx.fetch(
        """
        SELECT p.id FROM patients p JOIN enrolments e ON e.patient_id = p.id
        WHERE e.account_id = $1
        ORDER BY p.id
        FOR NO KEY UPDATE OF p
        """,
        account_id,
    )
    return [row["id"] for row in held]


async def _renew(
    tx: Connection, held: Sequence[PatientId], account_id: AccountId
) -> tuple[Patient, ...]:
    rows = await tx.fetch(
        f"UPDATE patients p SET version = version + 1 WHERE id = ANY($1) "  # noqa: S608 - columns of ours
        f"RETURNING {_PATIENT}",
        held,
    )
    return tuple(Patient(**row, account_id=account_id) for row in rows)


def _named(patient: Patient) -> PatientName:
    return PatientName(
        patient_id=patient.id, practice_id=patient.practice_id, last_name=patient.last_name
    )
