"""How much a practice's client may do of each kind in an hour (ST-1)."""

from services.identity.settings import Settings
from shared.http.client_budgets import Budget

RECORDS: Budget[Settings] = Budget("records", lambda of: of.client_records_an_hour)
READS: Budget[Settings] = Budget("reads", lambda of: of.client_reads_an_hour, shown=True)
"""Thirty desks that see a patient every three minutes, and are shown ten records of hers each time
(a search that finds some more, her record, what she was handed), come to 6,000 an hour. Who has
stolen the secret of a practice of 50,000 is noticed, by five hours of it, before she has them all.
"""

TOKENS: Budget[Settings] = Budget("tokens", lambda of: of.client_tokens_an_hour)
UN_ENROLMENTS: Budget[Settings] = Budget(
    "un-enrolments", lambda of: of.client_un_enrolments_an_hour
)
UNLOCKS: Budget[Settings] = Budget("unlocks", lambda of: of.client_unlocks_an_hour)
