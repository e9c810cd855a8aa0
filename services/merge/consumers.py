"""What merge hears: each event and what is done with it."""

from collections.abc import Mapping

from services.merge.features import Features
from services.merge.projection import PROJECTIONS
from shared.contracts import identity, notify, recovery
from shared.messaging.rebuilds import Listings
from shared.messaging.subscriptions import Subscription, subscribe, subscribe_several
from shared.trust.public_keys import PublicKeys

LISTINGS = Listings(service="merge", projections=PROJECTIONS)


def subscriptions(
    features: Features, public_keys: PublicKeys
) -> Mapping[str, tuple[Subscription, ...]]:
    """The table of each queue."""
    return {
        "merge.keys": (subscribe(identity.IDENTITY_KEYS_CHANGED, public_keys.apply),),
        "merge.accounts": (
            subscribe_several(identity.ACCOUNT_CHANGED, features.projection.keep_account),
            subscribe_several(identity.PERSON_CHANGED, features.projection.keep_person),
            subscribe_several(identity.PRACTICE_CHANGED, features.projection.keep_practice),
            subscribe(identity.SNAPSHOTS_LISTED, LISTINGS.keep),
        ),
        "merge.saga": (
            subscribe(identity.ACCOUNTS_MERGED, features.saga_steps.merged),
            subscribe(identity.MERGE_REJECTED, features.saga_steps.rejected),
            subscribe(recovery.RECOVERY_MERGE_APPLIED, features.saga_steps.applied),
            subscribe(notify.NOTIFY_MERGE_APPLIED, features.saga_steps.applied),
        ),
    }
