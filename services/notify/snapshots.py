"""The snapshots that notify owns, to be published again (ST-3)."""

from services.notify.preferences import address_snapshots
from services.notify.settings import NotifySettings
from shared.contracts.notify import NOTIFICATION_ADDRESSES_CHANGED, NOTIFY_SNAPSHOTS_LISTED
from shared.program.program import Plumbing
from shared.publications import Published


def snapshots(_: Plumbing[NotifySettings]) -> tuple[Published, ...]:
    """Which addresses each account has verified."""
    return (
        Published(
            name="notification_addresses",
            contract=NOTIFICATION_ADDRESSES_CHANGED,
            announce=address_snapshots.announce,
            table="address_holders",
            listing=NOTIFY_SNAPSHOTS_LISTED,
        ),
    )
