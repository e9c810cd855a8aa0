"""What merge can do: a field a group, in the order of who may import whom."""

from dataclasses import dataclass

from services.merge.candidates import features as candidates
from services.merge.charts import features as charts
from services.merge.merging import features as merging
from services.merge.parties import features as parties
from services.merge.reviews import features as reviews
from services.merge.saga import features as saga


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    merging: merging.Features
    reviews: reviews.Features
    candidates: candidates.Features
    charts: charts.Features
    parties: parties.Features
    saga: saga.Features
