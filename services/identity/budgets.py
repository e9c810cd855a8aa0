"""How much a practice's client may do of each kind in an hour (ST-1)."""

from services.identity.settings import Settings
from shared.http.client_budgets import Budget

RECORDS: Budget[Settings] = Budget("records", lambda of: of.client_records_an_hour)
TOKENS: Budget[Settings] = Budget("tokens", lambda of: of.client_tokens_an_hour)
UN_ENROLMENTS: Budget[Settings] = Budget(
    "un-enrolments", lambda of: of.client_un_enrolments_an_hour
)
UNLOCKS: Budget[Settings] = Budget("unlocks", lambda of: of.client_unlocks_an_hour)
