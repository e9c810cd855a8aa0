"""The projection of persons: what people are matched by."""

from collections.abc import Sequence

from shared.contracts.envelope import Received
from shared.contracts.identity import PERSON_CHANGED, PersonChanged
from shared.db import Connection
from shared.messaging.snapshots import Projection

PROJECTION = Projection(name="persons", contract=PERSON_CHANGED, key="patient_id")


async def keep(tx: Connection, events: Sequence[Received[PersonChanged]]) -> None:
    """Keep each snapshot unless one as new is kept already; of who has no account neither phone nor
    address, since nobody reads them (RC-6).
    """
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
                "home_phone": person.home_phone if person.account_id else None,
                "address": person.address if person.account_id else None,
            }
            for event in events
            for person in (event.data,)
        ],
    )
