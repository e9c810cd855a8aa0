"""The projection of persons: what people are matched by."""

from collections.abc import Collection, Mapping, Sequence

from shared.contracts.envelope import Received
from shared.contracts.identity import PERSON_CHANGED, PersonChanged
from shared.contracts.ids import PatientId
from shared.contracts.matching import Described, Named, address_form, phone_end
from shared.db import Connection
from shared.messaging.snapshots import Projection

PROJECTION = Projection(name="persons", contract=PERSON_CHANGED, key="patient_id")


async def keep(tx: Connection, *events: Received[PersonChanged]) -> None:
    """Keep each snapshot unless one as new is kept already."""
    await PROJECTION.keep(
        tx,
        [
            {
                "version": event.version,
                "patient_id": person.patient_id,
                "practice_id": person.practice_id,
                "account_id": person.account_id,
                "last_name": person.last_name,
                "first_name": person.first_name,
                "birth_date": person.birth_date,
                "home_phone": person.home_phone,
                "address": person.address,
                "phone_end": phone_end(person.home_phone),
                "address_form": address_form(person.address),
            }
            for event in events
            for person in (event.data,)
        ],
    )


async def find(
    connection: Connection, patient_ids: Collection[PatientId]
) -> Mapping[PatientId, Named]:
    """Read by what MG-2 compares, of the records that have been heard of."""
    rows = await connection.fetch(
        """
        SELECT patient_id, last_name, birth_date FROM persons
        WHERE patient_id = ANY ((SELECT $1::uuid[])::uuid[])
        """,
        list(patient_ids),
    )
    return {
        row["patient_id"]: Named(last_name=row["last_name"], birth_date=row["birth_date"])
        for row in rows
    }


async def describe(
    connection: Connection, patient_ids: Collection[PatientId]
) -> Sequence[Described]:
    """Read by what MG-8 compares, of the records that have been heard of."""
    rows = await connection.fetch(
        """
        SELECT last_name, first_name, birth_date, home_phone, address FROM persons
        WHERE patient_id = ANY ((SELECT $1::uuid[])::uuid[])
        """,
        list(patient_ids),
    )
    return [Described(**row) for row in rows]
