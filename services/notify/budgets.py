"""How much a practice's client may do of each kind in an hour (ST-1)."""

from services.notify.settings import NotifySettings
from shared.http.client_budgets import Budget

READS: Budget[NotifySettings] = Budget("reads", lambda of: of.client_reads_an_hour, shown=True)
"""A system that submits as much as it may reads once what became of each. A row has no name and no
address: it says of a record of the practice's that something waits for it.
"""

COMMUNICATIONS: Budget[NotifySettings] = Budget(
    "communications", lambda of: of.client_communications_an_hour
)
