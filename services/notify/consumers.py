"""What notify hears: each event and what is done with it. The queue is the class (NT-1)."""

from collections.abc import Mapping

from services.notify.features import Features
from services.notify.projections.features import PROJECTIONS
from shared.contracts import identity, notify
from shared.contracts.catalogue import of_kind
from shared.contracts.contract import Kind
from shared.messaging.rebuilds import Listings
from shared.messaging.subscriptions import Subscription, subscribe, subscribe_several
from shared.trust.public_keys import PublicKeys

LISTINGS = Listings(service="notify", projections=PROJECTIONS)


def subscriptions(
    features: Features, public_keys: PublicKeys
) -> Mapping[str, tuple[Subscription, ...]]:
    """The table of each queue."""
    filing, ledger = features.ledger, features.ledger.ledger
    projections = features.projections.projections
    return {
        "notify.keys": (subscribe(identity.IDENTITY_KEYS_CHANGED, public_keys.apply),),
        "notify.accounts": (
            subscribe_several(identity.ACCOUNT_CHANGED, projections.apply_account),
            subscribe_several(identity.PRACTICE_CHANGED, projections.apply_practice),
            subscribe(identity.SNAPSHOTS_LISTED, LISTINGS.keep),
        ),
        "notify.account-activity": (
            subscribe(identity.ACCOUNTS_MERGED, filing.absorptions.apply),
            *(
                subscribe_several(contract, ledger.file_activity)
                for contract in of_kind(Kind.ACTIVITY)
                if contract is not identity.ACCOUNTS_MERGED
            ),
        ),
        "notify.practice-communications": (
            subscribe_several(notify.COMMUNICATION_SUBMITTED, ledger.file_communication),
        ),
    }
