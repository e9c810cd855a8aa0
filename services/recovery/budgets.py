"""How much a practice's client may do of each kind in an hour (ST-1)."""

from services.recovery.settings import RecoverySettings
from shared.http.client_budgets import Budget

RESET_TOKENS: Budget[RecoverySettings] = Budget(
    "reset-tokens", lambda of: of.client_reset_tokens_an_hour
)
