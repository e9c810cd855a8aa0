"""Merge's composition root: every dependency on one screen."""

from services.merge.consumers import subscriptions
from services.merge.features import Features
from services.merge.projection import Projection
from services.merge.settings import MergeSettings
from shared.runtime import Composition, Plumbing


def compose(plumbing: Plumbing[MergeSettings]) -> Composition[Features]:
    """Put the service together; nothing is started. It signs nothing and opens nothing yet."""
    features = Features(projection=Projection())
    return Composition(
        features=features,
        subscriptions=subscriptions(features, plumbing.public_keys),
        loops=(),
        own_keys=None,
    )
