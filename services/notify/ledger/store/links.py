"""Links that wait to be mailed and open nothing any more (NT-6)."""

from datetime import datetime

from shared.contracts.ids import AccountId
from shared.contracts.sealed import SealPurpose
from shared.db import Connection


async def drop(
    tx: Connection, account_id: AccountId, purpose: SealPurpose, *, address: str, now: datetime
) -> None:
    """End what waits with a link to this address, which opens nothing any more (NT-6).

    What a courier holds just now goes out, with a link that is void.
    """
    await tx.execute(
        """
        UPDATE deliveries
        SET state = 'cancelled', reason = 'superseded', sealed = NULL, finished_at = $4
        WHERE account_id = $1 AND link_purpose = $2 AND address = $3 AND state = 'queued'
        """,
        account_id,
        purpose,
        address,
        now,
    )
