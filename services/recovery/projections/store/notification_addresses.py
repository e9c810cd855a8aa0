"""The projection of verified notification addresses (RC-2)."""

from collections.abc import Callable, Sequence

from services.recovery.projections.model import NotificationAddresses
from shared.contracts.envelope import Received
from shared.contracts.ids import AccountId
from shared.contracts.notify import NOTIFICATION_ADDRESSES_CHANGED, NotificationAddressesChanged
from shared.db import Connection
from shared.messaging.snapshots import Projection

PROJECTION = Projection(
    name="notification_addresses", contract=NOTIFICATION_ADDRESSES_CHANGED, key="account_id"
)


async def keep(
    tx: Connection,
    events: Sequence[Received[NotificationAddressesChanged]],
    *,
    digest: Callable[[str], bytes],
) -> None:
    """Keep each snapshot unless one as new is kept already."""
    await PROJECTION.keep(
        tx,
        [
            {
                "version": event.version,
                "account_id": event.data.account_id,
                "addresses": list(event.data.addresses),
                "address_digests": [digest(address) for address in event.data.addresses],
            }
            for event in events
        ],
    )


async def count(tx: Connection) -> int:
    """How many accounts' are known."""
    return int(await tx.fetchval("SELECT count(*) FROM notification_addresses"))


async def names(
    tx: Connection, *, after: AccountId | None, limit: int, holding: bool = False
) -> Sequence[NotificationAddresses]:
    """Those of so many accounts, in the order of their ids."""
    rows = await tx.fetch(
        f"""
        SELECT account_id, addresses, address_digests FROM notification_addresses
        WHERE $1::uuid IS NULL OR account_id > $1
        ORDER BY account_id
        LIMIT $2
        {"FOR NO KEY UPDATE" if holding else ""}
        """,  # noqa: S608 - a clause of ours
        after,
        limit,
    )
    return [NotificationAddresses(**row) for row in rows]


async def re_key(tx: Connection, changed: Sequence[NotificationAddresses]) -> None:
    """Replace the digests of those that are held."""
    await tx.executemany(
        "UPDATE notification_addresses SET address_digests = $2 WHERE account_id = $1",
        [(each.account_id, each.address_digests) for each in changed],
    )
