"""A practice's own records found by what is known of a person, in the order of their ids (ST-1)."""

from collections.abc import Collection, Sequence
from datetime import date

from services.identity.patients.model import FoundPatient
from shared.contracts.ids import PatientId, PracticeId
from shared.db import Connection

FOUND = """
    p.id AS patient_id, p.number, p.last_name, p.first_name, p.birth_date,
    e.state IS NOT DISTINCT FROM 'enrolled' AS enrolled
"""


async def by_name(
    connection: Connection,
    practice_id: PracticeId,
    forms: Collection[str],
    birth_date: date | None,
    *,
    after: PatientId,
    limit: int,
) -> Sequence[FoundPatient]:
    """Those with one of these forms of a last name, and with that date of birth if one is given."""
    rows = await connection.fetch(
        f"""
        SELECT {FOUND}
        FROM (
            SELECT DISTINCT of_form.id
            FROM unnest($2::text[]) AS wanted (form)
            CROSS JOIN LATERAL (
                SELECT p.id FROM patient_names n JOIN patients p ON p.id = n.patient_id
                WHERE n.practice_id = $1 AND n.form = wanted.form AND n.patient_id > $4
                  AND ($3::date IS NULL OR p.birth_date = $3)
                ORDER BY n.patient_id
                LIMIT $5
            ) AS of_form
            ORDER BY of_form.id
            LIMIT $5
        ) AS found
        JOIN patients p ON p.id = found.id
        LEFT JOIN enrolments e ON e.patient_id = p.id
        ORDER BY p.id
        """,  # noqa: S608 - columns of ours
        practice_id,
        sorted(forms),
        birth_date,
        after,
        limit,
    )
    return [FoundPatient(**row) for row in rows]


async def by_birth_date(
    connection: Connection,
    practice_id: PracticeId,
    birth_date: date,
    *,
    after: PatientId,
    limit: int,
) -> Sequence[FoundPatient]:
    """Those who were born on that day."""
    rows = await connection.fetch(
        f"""
        SELECT {FOUND}
        FROM patients p LEFT JOIN enrolments e ON e.patient_id = p.id
        WHERE p.practice_id = $1 AND p.birth_date = $2 AND p.id > $3
        ORDER BY p.id
        LIMIT $4
        """,  # noqa: S608 - columns of ours
        practice_id,
        birth_date,
        after,
        limit,
    )
    return [FoundPatient(**row) for row in rows]


async def by_number(
    connection: Connection, practice_id: PracticeId, number: str
) -> Sequence[FoundPatient]:
    """The one that the practice has given that number, or none."""
    rows = await connection.fetch(
        f"""
        SELECT {FOUND}
        FROM patients p LEFT JOIN enrolments e ON e.patient_id = p.id
        WHERE p.practice_id = $1 AND p.number = $2
        """,  # noqa: S608 - columns of ours
        practice_id,
        number,
    )
    return [FoundPatient(**row) for row in rows]
