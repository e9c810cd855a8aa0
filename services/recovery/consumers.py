"""What recovery hears: each event and what is done with it."""

from collections.abc import Mapping

from services.recovery.features import Features
from services.recovery.projections.projections import PROJECTIONS
from services.recovery.projections.store import persons, practices
from shared.contracts import identity, notify
from shared.messaging.rebuilds import Listings
from shared.messaging.subscriptions import Subscription, subscribe, subscribe_several
from shared.trust.public_keys import PublicKeys

ACCOUNTS = "recovery.accounts"
KEYS = "recovery.keys"
LISTINGS = Listings(service="recovery", projections=PROJECTIONS)


def subscriptions(
    features: Features, public_keys: PublicKeys
) -> Mapping[str, tuple[Subscription, ...]]:
    """The table of each queue."""
    projections = features.projections.projections
    return {
        KEYS: (
            subscribe(identity.IDENTITY_KEYS_CHANGED, public_keys.apply),
            subscribe(notify.NOTIFY_KEYS_CHANGED, public_keys.apply),
        ),
        ACCOUNTS: (
            subscribe_several(identity.ACCOUNT_CHANGED, projections.keep_account),
            subscribe_several(identity.PERSON_CHANGED, persons.keep),
            subscribe_several(identity.PRACTICE_CHANGED, practices.keep),
            subscribe(identity.SNAPSHOTS_LISTED, LISTINGS.keep),
            subscribe_several(
                notify.NOTIFICATION_ADDRESSES_CHANGED,
                projections.keep_notification_addresses,
            ),
            subscribe(notify.NOTIFY_SNAPSHOTS_LISTED, LISTINGS.keep),
            subscribe(identity.PASSWORD_RESET_BY_LINK, features.grants.proofs.tidy_up),
            subscribe(identity.PASSWORD_RESET, features.grants.proofs.tidy_up),
            subscribe(identity.ACCOUNTS_MERGED, features.merging.absorptions.apply),
        ),
    }
