"""What merge keeps of identity's snapshots: the newest of each, whatever order they come in."""

from services.merge.projections.store import accounts, persons, practices

PROJECTIONS = (practices.PROJECTION, accounts.PROJECTION, persons.PROJECTION)
