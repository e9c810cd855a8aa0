"""Recovery's composition root: every dependency on one screen."""

from datetime import timedelta

from services.recovery.consumers import ACCOUNTS, subscriptions
from services.recovery.features import Features
from services.recovery.link_mails import LinkMails, LinkRules
from services.recovery.link_mint import LinkMint
from services.recovery.link_requests import LinkRequests
from services.recovery.links import Links
from services.recovery.model import LinkLimits
from services.recovery.projection import Projection
from services.recovery.settings import RecoverySettings
from shared.contracts.keys import KeyPurpose
from shared.grants import GrantIssuer
from shared.loops import Loop
from shared.runtime import Composition, Plumbing
from shared.sealing import Sealer

SWEEP_EVERY = 60.0  # seconds
LONGEST_WAIT = 2.0  # seconds until requests are looked at again after the database was away


def compose(plumbing: Plumbing[RecoverySettings]) -> Composition[Features]:
    """Put the service together; nothing is started."""
    settings = plumbing.settings
    own_keys = plumbing.own_keys(KeyPurpose.SIGNING)
    links = Links(
        database=plumbing.database,
        clock=plumbing.clock,
        digests=plumbing.digests,
        audit=plumbing.audit,
        grants=GrantIssuer(issuer=plumbing.issuer, own_keys=own_keys),
        redeemer=f"{settings.issuer}/identity",
    )
    features = Features(
        link_requests=LinkRequests(
            database=plumbing.database,
            digests=plumbing.digests,
            randomness=plumbing.randomness,
        ),
        link_mails=link_mails(plumbing),
        links=links,
        projection=Projection(digests=plumbing.digests),
    )
    return Composition(
        features=features,
        subscriptions=subscriptions(features, plumbing.public_keys),
        loops=(
            Loop(
                name="link mails",
                once=features.link_mails.once,
                every=settings.link_tick,
                longest_wait=LONGEST_WAIT,
            ),
            Loop(name="link sweep", once=links.sweep, every=SWEEP_EVERY),
        ),
        own_keys=own_keys,
    )


def link_mails(plumbing: Plumbing[RecoverySettings]) -> LinkMails:
    """The loop of RC-3 with its numbers."""
    settings = plumbing.settings
    return LinkMails(
        database=plumbing.database,
        clock=plumbing.clock,
        mint=LinkMint(
            randomness=plumbing.randomness,
            digests=plumbing.digests,
            sealer=Sealer(
                public_keys=plumbing.public_keys,
                clock=plumbing.clock,
                issuer=f"{settings.issuer}/notify",
            ),
            outbox=plumbing.outbox,
        ),
        outbox=plumbing.outbox,
        audit=plumbing.audit,
        rules=LinkRules(
            limits=LinkLimits(
                pause=timedelta(seconds=settings.link_pause),
                an_hour=settings.links_an_hour,
                a_day=settings.links_a_day,
            ),
            patience=timedelta(seconds=settings.link_patience),
        ),
        fed_since=lambda: plumbing.feeds.connected_since(ACCOUNTS),
    )
