"""What notify hears: each event and what is done with it. The queue is the class (NT-1)."""

from collections.abc import Mapping

from services.notify.features import Features
from shared.contracts import identity, merge, notify, recovery
from shared.messaging.consumer import Subscription, subscribe, subscribe_several
from shared.public_keys import PublicKeys


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
        ),
        "notify.account-activity": (
            subscribe(identity.ACCOUNT_ENROLLED, ledger.file_activity),
            subscribe(identity.EMAIL_VERIFICATION_REQUESTED, ledger.file_activity),
            subscribe(identity.ACCOUNT_EMAIL_VERIFIED, ledger.file_activity),
            subscribe(identity.ACCOUNT_LOCKED, ledger.file_activity),
            subscribe(identity.ACCOUNT_UNLOCKED, ledger.file_activity),
            subscribe(identity.PASSWORD_DISABLED, ledger.file_activity),
            subscribe(identity.PASSWORD_RESET, ledger.file_activity),
            subscribe(identity.ENROLMENT_ADDED, ledger.file_activity),
            subscribe(identity.ENROLMENT_ENDED, ledger.file_activity),
            subscribe(identity.ENROLMENT_REACTIVATED, ledger.file_activity),
            subscribe(identity.ACCOUNTS_MERGED, filing.merges.apply),
            subscribe(identity.MERGE_REJECTED, ledger.file_activity),
            subscribe(merge.MERGE_REFUSED, ledger.file_activity),
            subscribe(recovery.RESET_LINK_REQUESTED, ledger.file_activity),
            subscribe(recovery.USERNAME_REMINDER_IN_CLEAR, ledger.file_activity),
            subscribe(recovery.USERNAME_REMINDER_REQUESTED, ledger.file_activity),
        ),
        "notify.practice-communications": (
            subscribe(notify.COMMUNICATION_SUBMITTED, ledger.file_communication),
        ),
    }
