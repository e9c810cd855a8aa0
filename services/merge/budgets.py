"""How much a practice's client may do of each kind in an hour (ST-1)."""

from services.merge.settings import MergeSettings
from shared.http.client_budgets import Budget

REVIEWS: Budget[MergeSettings] = Budget("merge-reviews", lambda of: of.client_reviews_an_hour)
