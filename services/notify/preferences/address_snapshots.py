"""The snapshot of an account's verified addresses: recovery mails a username there (RC-2)."""

from collections.abc import Collection, Sequence
from uuid import UUID

from services.notify.preferences.store import address_snapshots as store
from shared.acts import Act
from shared.contracts.ids import AccountId
from shared.contracts.notify import NOTIFICATION_ADDRESSES_CHANGED, NotificationAddressesChanged


async def changed(act: Act, account_ids: Collection[AccountId]) -> None:
    """Add one to these accounts' versions, and tell their snapshots with the act that changed them.

    Call it last: whoever changes another address of the account meanwhile waits here, and tells
    both.
    """
    if account_ids:
        await store.change(act.tx, account_ids)
        await announce(act, sorted(account_ids))


async def announce(act: Act, ids: Sequence[UUID]) -> None:
    """Tell these accounts' snapshots as they stand."""
    for found in await store.find(act.tx, [AccountId(id) for id in ids]):
        act.publish(
            NOTIFICATION_ADDRESSES_CHANGED,
            NotificationAddressesChanged(account_id=found.account_id, addresses=found.addresses),
            subject=found.account_id,
            version=found.version,
        )
