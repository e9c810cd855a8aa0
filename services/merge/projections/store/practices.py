"""The projection of practices."""

from shared.contracts.envelope import Received
from shared.contracts.identity import PRACTICE_CHANGED, PracticeChanged
from shared.db import Connection
from shared.messaging.snapshots import Projection

PROJECTION = Projection(name="practices", contract=PRACTICE_CHANGED, key="practice_id")


async def keep(tx: Connection, *events: Received[PracticeChanged]) -> None:
    """Keep each snapshot unless one as new is kept already."""
    await PROJECTION.keep(
        tx,
        [
            {
                "version": event.version,
                "practice_id": practice.practice_id,
                "name": practice.name,
            }
            for event in events
            for practice in (event.data,)
        ],
    )
