"""How much a practice's client may do of each kind in an hour (ST-1)."""

from services.merge.settings import MergeSettings
from shared.http.client_budgets import Budget

READS: Budget[MergeSettings] = Budget("reads", lambda of: of.client_reads_an_hour, shown=True)
"""A system that looks each minute whether anything waits is shown 6,000 where a hundred do; before
each of the 100 decisions of an hour a desk may look at ten of them besides, and as often at charts.
"""

REVIEWS: Budget[MergeSettings] = Budget("merge-reviews", lambda of: of.client_reviews_an_hour)
