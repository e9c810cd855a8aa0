"""What merge hears: each event and what is done with it."""

from collections.abc import Mapping

from services.merge.features import Features
from shared.contracts import identity
from shared.messaging.consumer import Subscription, subscribe
from shared.public_keys import PublicKeys


def subscriptions(
    features: Features, public_keys: PublicKeys
) -> Mapping[str, tuple[Subscription, ...]]:
    """The table of each queue."""
    return {
        "merge.keys": (subscribe(identity.IDENTITY_KEYS_CHANGED, public_keys.apply),),
        "merge.accounts": (
            subscribe(identity.ACCOUNT_CHANGED, features.projection.keep_account),
            subscribe(identity.PERSON_CHANGED, features.projection.keep_person),
            subscribe(identity.PRACTICE_CHANGED, features.projection.keep_practice),
        ),
    }
