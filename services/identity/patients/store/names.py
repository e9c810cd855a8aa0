"""The forms under which last names are found, as names are compared (EN-1, ST-1)."""

from collections.abc import Sequence

from services.identity.patients.model import PatientName
from shared.contracts.matching import name_forms
from shared.db import Connection


async def keep(tx: Connection, names: Sequence[PatientName]) -> None:
    """Keep the forms of these records' names, which are held, in the place of those before."""
    ids = [name.patient_id for name in names]
    forms = [
        (name.practice_id, form, name.patient_id)
        for name in names
        for form in sorted(name_forms(name.last_name))
    ]
    await tx.execute(
        """
        WITH gone AS (
            DELETE FROM patient_names
            WHERE patient_id = ANY ($1) AND (form, patient_id) NOT IN (
                SELECT * FROM unnest($3::text[], $4::uuid[])
            )
        ), named AS (
            UPDATE patients SET named = true WHERE id = ANY ($1) AND NOT named
        )
        INSERT INTO patient_names (practice_id, form, patient_id)
        SELECT * FROM unnest($2::uuid[], $3::text[], $4::uuid[])
        ON CONFLICT DO NOTHING
        """,
        ids,
        [practice_id for practice_id, _, _ in forms],
        [form for _, form, _ in forms],
        [patient_id for _, _, patient_id in forms],
    )


async def hold_unnamed(tx: Connection, *, limit: int) -> Sequence[PatientName]:
    """Hold records whose forms are not kept yet, and that nobody else holds."""
    rows = await tx.fetch(
        """
        SELECT id AS patient_id, practice_id, last_name FROM patients
        WHERE NOT named
        ORDER BY id
        LIMIT $1
        FOR NO KEY UPDATE SKIP LOCKED
        """,
        limit,
    )
    return [PatientName(**row) for row in rows]
