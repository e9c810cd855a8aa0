"""The projection of practices: newer wins."""

from collections.abc import Collection, Mapping

from services.notify.projections.model import Practice
from shared.contracts.envelope import Received
from shared.contracts.identity import PRACTICE_CHANGED, PracticeChanged
from shared.contracts.ids import PracticeId
from shared.contracts.practice_settings import Channel
from shared.db import Connection
from shared.messaging.snapshots import Projection

KNOWN = frozenset(Channel)

PROJECTION = Projection(name="practices", contract=PRACTICE_CHANGED, key="id")


async def keep(tx: Connection, *events: Received[PracticeChanged]) -> None:
    """Keep each snapshot unless one as new is kept already."""
    await PROJECTION.keep(
        tx,
        [
            {
                "version": event.version,
                "id": practice.practice_id,
                "name": practice.name,
                "locale": practice.locale,
                "channels": [one for one in practice.settled.channels if one in KNOWN],
            }
            for event in events
            for practice in (event.data,)
        ],
    )


async def find(
    tx: Connection, practice_ids: Collection[PracticeId]
) -> Mapping[PracticeId, Practice]:
    """Return what mails say of those that have been heard of."""
    rows = await tx.fetch(
        "SELECT id, name, locale, channels FROM practices WHERE id = ANY($1::uuid[])",
        list(practice_ids),
    )
    return {
        PracticeId(row["id"]): Practice(
            name=row["name"],
            locale=row["locale"],
            channels=tuple(map(Channel, row["channels"])),
        )
        for row in rows
    }


async def count_offering(connection: Connection, channel: Channel) -> int:
    """Count the practices whose patients may choose this one."""
    count: int = await connection.fetchval(
        "SELECT count(*) FROM practices WHERE $1 = ANY (channels)", channel
    )
    return count
