"""What notify hears: each event and what is done with it. The queue is the class (NT-1)."""

from collections.abc import Mapping
from typing import TypeVar

from services.notify.features import Features
from services.notify.projections.features import PROJECTIONS
from services.notify.projections.store import accounts, practices
from shared.contracts import identity
from shared.contracts.catalogue import of_kind
from shared.contracts.contract import Kind
from shared.contracts.envelope import Received
from shared.contracts.identity import Mailed
from shared.db import Connection
from shared.messaging.rebuilds import Listings
from shared.messaging.subscriptions import Subscription, subscribe, subscribe_several
from shared.trust.public_keys import PublicKeys

APART = (  # account activity of which more than a delivery becomes
    identity.ACCOUNTS_MERGED,
    identity.ACCOUNT_EMAIL_VERIFIED,
    identity.ACCOUNT_EMAIL_CHANGED,
)
A = TypeVar("A", bound=Mailed)
LISTINGS = Listings(service="notify", projections=PROJECTIONS)


def subscriptions(
    features: Features, public_keys: PublicKeys
) -> Mapping[str, tuple[Subscription, ...]]:
    """The table of each queue."""
    filing, ledger = features.ledger, features.ledger.ledger
    lifting = features.suppressions.lifting

    async def proven(tx: Connection, /, *events: Received[A]) -> None:
        """A verified address gets mails again, this one the first (NT-5)."""
        await lifting.verified(tx, *events)
        await ledger.file_activity(tx, *events)

    return {
        "notify.keys": (subscribe(identity.IDENTITY_KEYS_CHANGED, public_keys.apply),),
        "notify.accounts": (
            subscribe_several(identity.ACCOUNT_CHANGED, accounts.keep),
            subscribe_several(identity.PRACTICE_CHANGED, practices.keep),
            subscribe(identity.SNAPSHOTS_LISTED, LISTINGS.keep),
            subscribe(identity.CHARTS_SETTLED, features.preferences.preferences.keep_of_settled),
        ),
        "notify.account-activity": (
            subscribe(identity.ACCOUNTS_MERGED, filing.absorptions.apply),
            subscribe_several(identity.ACCOUNT_EMAIL_VERIFIED, proven),
            subscribe_several(identity.ACCOUNT_EMAIL_CHANGED, proven),
            *(
                subscribe_several(contract, ledger.file_activity)
                for contract in of_kind(Kind.ACTIVITY)
                if contract not in APART
            ),
        ),
    }
