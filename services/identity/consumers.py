"""What identity hears, and what it does with it."""

from collections.abc import Mapping

from services.identity.features import Features
from shared.contracts.merge import (
    MERGE_APPROVED,
    MERGE_REQUESTED,
    MERGE_REVIEW_ENDED,
    MERGE_REVIEW_REQUESTED,
)
from shared.contracts.notify import NOTIFY_KEYS_CHANGED
from shared.contracts.recovery import (
    RECOVERY_KEYS_CHANGED,
    RECOVERY_LOCKED,
    SECURITY_QUESTIONS_SET,
)
from shared.messaging.subscriptions import Subscription, subscribe, subscribe_several
from shared.trust.public_keys import PublicKeys


def subscriptions(
    features: Features, public_keys: PublicKeys
) -> Mapping[str, tuple[Subscription, ...]]:
    """Queue by queue; recovery's keys check grants, notify's seal what is mailed."""
    return {
        "identity.keys": (
            subscribe(RECOVERY_KEYS_CHANGED, public_keys.apply),
            subscribe(NOTIFY_KEYS_CHANGED, public_keys.apply),
        ),
        "identity.merges": (
            subscribe_several(MERGE_REQUESTED, features.merging.decisions.decide),
            subscribe_several(MERGE_REVIEW_REQUESTED, features.merging.reviews.keep),
            subscribe_several(MERGE_APPROVED, features.merging.reviews.approve),
            subscribe_several(MERGE_REVIEW_ENDED, features.merging.reviews.end),
        ),
        "identity.questions": (
            subscribe(SECURITY_QUESTIONS_SET, features.questions.hearing.hear),
            subscribe(RECOVERY_LOCKED, features.questions.hearing.hear_of_lock),
        ),
    }
