"""How much a practice's client may do of each kind in an hour (ST-1)."""

from services.merge.settings import MergeSettings
from shared.http.client_budgets import Budget

READS: Budget[MergeSettings] = Budget("reads", lambda of: of.client_reads_an_hour, shown=True)
"""Before each of the 100 decisions of an hour a desk may look at a list of ten and at one of them,
and before it settles a chart likewise.
"""

REVIEWS: Budget[MergeSettings] = Budget("merge-reviews", lambda of: of.client_reviews_an_hour)
