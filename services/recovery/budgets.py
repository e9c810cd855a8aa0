"""How much a practice's client may do of each kind in an hour (ST-1)."""

from services.recovery.settings import RecoverySettings
from shared.http.client_budgets import Budget

READS: Budget[RecoverySettings] = Budget("reads", lambda of: of.client_reads_an_hour, shown=True)
"""Thirty desks that see a patient every three minutes look 600 times an hour; three times as many
where each looks before and after.
"""

RESET_TOKENS: Budget[RecoverySettings] = Budget(
    "reset-tokens", lambda of: of.client_reset_tokens_an_hour
)
"""Fewer than the tokens of ST-1: each opens an account that is there, so who has stolen a client's
secret is to be noticed before many are open; and not so many people of one practice forget within
an hour what they log on with.
"""
