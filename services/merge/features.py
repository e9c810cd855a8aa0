"""What merge can do, as one record: what handlers are given."""

from dataclasses import dataclass

from services.merge.merges import Merges
from services.merge.offers import Offers
from services.merge.person_conflicts import PersonConflicts
from services.merge.projection import Projection
from services.merge.refusals import Refusals
from services.merge.saga_steps import SagaSteps
from services.merge.watch import Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    merges: Merges
    refusals: Refusals
    saga_steps: SagaSteps
    person_conflicts: PersonConflicts
    offers: Offers
    projection: Projection
    watch: Watch
