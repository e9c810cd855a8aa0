"""How much a practice's client may do of each kind in an hour (ST-1)."""

from services.notify.settings import NotifySettings
from shared.http.client_budgets import Budget

COMMUNICATIONS: Budget[NotifySettings] = Budget(
    "communications", lambda of: of.client_communications_an_hour
)
