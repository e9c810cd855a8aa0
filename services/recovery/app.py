"""Recovery, put together: plumbing to features, a call a group."""

from functools import partial

from services.recovery.consumers import ACCOUNTS, subscriptions
from services.recovery.features import Features
from services.recovery.grants import features as grants
from services.recovery.links import features as links
from services.recovery.merging import features as merging
from services.recovery.practice_tokens import features as practice_tokens
from services.recovery.practice_tokens.store.tokens import void_of_left
from services.recovery.projections import features as projections
from services.recovery.questions import features as questions
from services.recovery.questions.store.questions import drop_void
from services.recovery.settings import RecoverySettings
from services.recovery.usernames import features as usernames
from services.recovery.validation import features as validation
from shared.contracts.keys import KeyPurpose
from shared.one_time import Mint
from shared.program.program import Composition, Plumbing
from shared.trust.grants import GrantIssuer
from shared.trust.hashing import PasswordHasher, hasher_of
from shared.trust.own_keys import OwnKeys
from shared.trust.sealing import Sealer


def compose(plumbing: Plumbing[RecoverySettings]) -> Composition[Features]:
    """Put the service together; nothing is started."""
    own_keys = plumbing.own_keys(KeyPurpose.SIGNING)
    hasher = hasher_of(plumbing.settings, plumbing.metrics)
    built = features(plumbing, own_keys, hasher)

    async def close_hasher() -> None:
        hasher.close()

    return Composition(
        features=built,
        subscriptions=subscriptions(built, plumbing.public_keys),
        loops=(
            built.links.waiting.loop,
            built.usernames.waiting.loop,
            *built.questions.loops,
            *built.validation.loops,
        ),
        own_keys=own_keys,
        closers=(close_hasher,),
    )


def features(
    plumbing: Plumbing[RecoverySettings], own_keys: OwnKeys, hasher: PasswordHasher
) -> Features:
    """Build every group after those that it is made of."""
    issuer = GrantIssuer(issuer=plumbing.issuer, own_keys=own_keys)
    proven = grants.compose(plumbing, issuer=issuer)
    sealer = sealer_to_notify(plumbing)
    mint = Mint(randomness=plumbing.randomness, digests=plumbing.digests, sealer=sealer)
    fed_since = partial(plumbing.feeds.connected_since, ACCOUNTS)
    return Features(
        merging=merging.compose(plumbing),
        links=links.compose(plumbing, mint=mint, grants=proven.grants, fed_since=fed_since),
        usernames=usernames.compose(plumbing, sealer=sealer, fed_since=fed_since),
        practice_tokens=practice_tokens.compose(
            plumbing, mint=mint, hasher=hasher, grants=proven.grants
        ),
        questions=questions.compose(plumbing, hasher=hasher, grants=proven.grants, issuer=issuer),
        validation=validation.compose(plumbing, mint=mint, grants=proven.grants),
        grants=proven,
        projections=projections.compose(
            plumbing, drop_void_questions=drop_void, void_tokens=void_of_left
        ),
    )


def sealer_to_notify(plumbing: Plumbing[RecoverySettings]) -> Sealer:
    """Seals to notify, which alone opens."""
    return Sealer(
        public_keys=plumbing.public_keys,
        clock=plumbing.clock,
        issuer=f"{plumbing.settings.issuer}/notify",
    )
