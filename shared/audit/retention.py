"""How long audit rows are kept, and the row that says which have gone since (AU-1)."""

from datetime import date, datetime

from shared.audit.entries import Action
from shared.audit.partitions import month_after

KEPT_MONTHS = 6 * 12


class DropAction(Action):
    DROP_MONTHS = "audit.drop-months"


def first_kept(now: datetime) -> date:
    """Return the first month that is kept: every row of those before it is six years old."""
    return month_after(now, -KEPT_MONTHS).date()


def dropped(before: date, first: int | str, last: int) -> str:
    """Return what the row of a drop has as its detail."""
    return f"before:{before:%Y-%m} places:{first}-{last}"
