"""An event in the outbox, where a test has no act that tells it."""

from uuid import UUID

from shared.audit.entries import Origin
from shared.contracts.contract import Contract, E
from shared.contracts.ids import EventId
from shared.db import Connection
from shared.messaging.outbox import Outbox


async def put_out(
    tx: Connection,
    outbox: Outbox,
    contract: Contract[E],
    data: E,
    *,
    subject: UUID | str,
    origin: Origin,
    version: int | None = None,
) -> EventId:
    """Write one event at once, and return its id."""
    row = outbox.event(contract, data, subject=subject, origin=origin, version=version)
    await outbox.write(tx, [row])
    return row.event_id
