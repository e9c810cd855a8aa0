"""Merge, put together: plumbing to features, a call a group, from what is lowest up."""

from services.merge.candidates import features as candidates
from services.merge.charts import features as charts
from services.merge.consumers import subscriptions
from services.merge.features import Features
from services.merge.merging import features as merging
from services.merge.parties import features as parties
from services.merge.reviews import features as reviews
from services.merge.saga import features as saga
from services.merge.settings import MergeSettings
from shared.program.program import Composition, Plumbing


def compose(plumbing: Plumbing[MergeSettings]) -> Composition[Features]:
    """Put the service together; nothing is started. It signs nothing and opens nothing."""
    built = features(plumbing)
    return Composition(
        features=built,
        subscriptions=subscriptions(built, plumbing.public_keys),
        loops=(*built.saga.loops, *built.reviews.loops),
        own_keys=None,
    )


def features(plumbing: Plumbing[MergeSettings]) -> Features:
    """Build every group after those that it is made of."""
    both = parties.compose(plumbing)
    return Features(
        merging=merging.compose(plumbing, both=both),
        reviews=reviews.compose(plumbing),
        candidates=candidates.compose(plumbing),
        charts=charts.compose(plumbing),
        parties=both,
        saga=saga.compose(plumbing),
    )
