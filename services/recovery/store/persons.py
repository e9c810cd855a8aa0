"""The projection of persons: what people are matched by."""

from shared.contracts.identity import PersonChanged
from shared.db import Connection


async def keep(tx: Connection, person: PersonChanged, *, version: int) -> None:
    """Keep this snapshot unless one as new is kept already."""
    await tx.execute(
        """
        INSERT INTO persons AS kept (
            patient_id, version, practice_id, account_id, last_name, first_name, birth_date,
            home_phone, address
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (patient_id) DO UPDATE
        SET version = excluded.version,
            practice_id = excluded.practice_id,
            account_id = excluded.account_id,
            last_name = excluded.last_name,
            first_name = excluded.first_name,
            birth_date = excluded.birth_date,
            home_phone = excluded.home_phone,
            address = excluded.address
        WHERE kept.version < excluded.version
        """,
        person.patient_id,
        version,
        person.practice_id,
        person.account_id,
        person.last_name,
        person.first_name,
        person.birth_date,
        person.home_phone,
        person.address,
    )
