"""What merge hears: each event and what is done with it."""

from collections.abc import Mapping

from services.merge.features import Features
from services.merge.projections.features import PROJECTIONS
from services.merge.projections.store import accounts, persons, practices
from shared.contracts import identity, notify, recovery
from shared.messaging.rebuilds import Listings
from shared.messaging.subscriptions import Subscription, subscribe, subscribe_several
from shared.trust.public_keys import PublicKeys

LISTINGS = Listings(service="merge", projections=PROJECTIONS)


def subscriptions(
    features: Features, public_keys: PublicKeys
) -> Mapping[str, tuple[Subscription, ...]]:
    """The table of each queue."""
    saga_steps = features.merging.saga_steps
    return {
        "merge.keys": (subscribe(identity.IDENTITY_KEYS_CHANGED, public_keys.apply),),
        "merge.accounts": (
            subscribe_several(identity.ACCOUNT_CHANGED, accounts.keep),
            subscribe_several(identity.PERSON_CHANGED, persons.keep),
            subscribe_several(identity.PRACTICE_CHANGED, practices.keep),
            subscribe(identity.SNAPSHOTS_LISTED, LISTINGS.keep),
        ),
        "merge.saga": (
            subscribe(identity.ACCOUNTS_MERGED, saga_steps.merged),
            subscribe(identity.MERGE_REJECTED, saga_steps.rejected),
            subscribe(identity.CHARTS_SETTLED, features.charts.person_conflicts.settle),
            subscribe(recovery.RECOVERY_MERGE_APPLIED, saga_steps.applied),
            subscribe(notify.NOTIFY_MERGE_APPLIED, saga_steps.applied),
        ),
    }
