"""Merge's composition root: every dependency on one screen."""

from datetime import timedelta

from services.merge.consumers import subscriptions
from services.merge.features import Features
from services.merge.merges import Merges
from services.merge.offers import Offers
from services.merge.parties import Parties
from services.merge.person_conflicts import PersonConflicts
from services.merge.projection import Projection
from services.merge.proofs import ProofChecker
from services.merge.refusals import SWEPT, Refusals
from services.merge.saga_steps import SagaSteps
from services.merge.settings import MergeSettings
from services.merge.watch import Watch
from shared.loops import Loop, Sweep
from shared.program.program import Composition, Plumbing

WATCH_EVERY = 10.0  # seconds
SWEEP_EVERY = 60.0  # seconds


def compose(plumbing: Plumbing[MergeSettings]) -> Composition[Features]:
    """Put the service together; nothing is started. It signs nothing and opens nothing."""
    refusals = Refusals(database=plumbing.database, clock=plumbing.clock)
    features = Features(
        merges=Merges(
            acts=plumbing.acts,
            grants=ProofChecker(
                issuer=plumbing.settings.issuer,
                service=plumbing.service,
                public_keys=plumbing.public_keys,
            ),
            parties=Parties(database=plumbing.database),
            refusals=refusals,
            randomness=plumbing.randomness,
        ),
        refusals=refusals,
        saga_steps=SagaSteps(acts=plumbing.acts, clock=plumbing.clock),
        person_conflicts=PersonConflicts(database=plumbing.database),
        offers=Offers(acts=plumbing.acts),
        projection=Projection(),
        watch=watch(plumbing),
    )
    return Composition(
        features=features,
        subscriptions=subscriptions(features, plumbing.public_keys),
        loops=(
            Loop(name="merge watch", once=features.watch.once, every=WATCH_EVERY),
            Sweep(
                name="refusal sweep",
                what="refusals that were told",
                once=refusals.sweep,
                full=SWEPT,
            ).loop(SWEEP_EVERY),
        ),
        own_keys=None,
    )


def watch(plumbing: Plumbing[MergeSettings]) -> Watch:
    """The alarm of MG-9; `check` looks the same way."""
    return Watch(
        database=plumbing.database,
        clock=plumbing.clock,
        metrics=plumbing.metrics,
        patience=timedelta(seconds=plumbing.settings.merge_stuck_seconds),
    )
