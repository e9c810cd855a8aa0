"""The projection of persons: what people are matched by."""

from shared.contracts.envelope import Received
from shared.contracts.identity import PERSON_CHANGED, PersonChanged
from shared.db import Connection
from shared.messaging.snapshots import Projection

PROJECTION = Projection(name="persons", contract=PERSON_CHANGED, key="patient_id")
PERSONAL = ("last_name", "first_name", "birth_date", "home_phone", "address")


async def keep(tx: Connection, *events: Received[PersonChanged]) -> None:
    """Keep each snapshot unless one as new is kept already; of who has no account only that there
    is a record and whose, since nobody is matched by it.
    """
    await PROJECTION.keep(
        tx,
        [
            {
                "version": event.version,
                "patient_id": person.patient_id,
                "practice_id": person.practice_id,
                "account_id": person.account_id,
                **{one: getattr(person, one) if person.account_id else None for one in PERSONAL},
            }
            for event in events
            for person in (event.data,)
        ],
    )
