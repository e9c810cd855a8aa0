"""Anchors, one a month: where the chain stood, and where it may begin in six years (AU-1)."""

from dataclasses import dataclass
from datetime import datetime

from shared.audit.chain import START, ChainBroken
from shared.audit.partitions import midnight, month_after
from shared.audit.retention import KEPT_MONTHS, DropAction, dropped, first_kept
from shared.audit.times import BEGINNING
from shared.db import Connection

# An anchor is written with the first link of its month. The service's role can put in others, but
# not where a link of that month follows: there the primary key has the true one.
FIRST = """
    SELECT first.place, anchor.month, anchor.hash
    FROM (SELECT place, chained_at FROM audit_chain ORDER BY place LIMIT 1) AS first
    LEFT JOIN audit_anchors AS anchor ON anchor.place = first.place - 1
        AND anchor.month = date_trunc('month', first.chained_at AT TIME ZONE 'UTC')::date
"""
DROPPED = """
    SELECT EXISTS (SELECT FROM audit_entries
                   WHERE at >= $1 AND action = $2 AND outcome = 'done' AND detail LIKE $3)
"""
FALSE = """
    SELECT anchor.month, anchor.place FROM audit_anchors AS anchor
    LEFT JOIN audit_chain AS link ON link.place = anchor.place
    LEFT JOIN audit_chain AS following ON following.place = anchor.place + 1
        AND anchor.month = date_trunc('month', following.chained_at AT TIME ZONE 'UTC')::date
    WHERE anchor.place + 1 >= (SELECT coalesce(min(place), 1) FROM audit_chain)
        AND (following.place IS NULL OR link.hash <> anchor.hash)
    ORDER BY anchor.place LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """The first place that is kept, the hash before it, and the first month that is kept."""

    place: int = 1
    before: bytes = START
    kept_from: datetime = BEGINNING

    def __str__(self) -> str:
        told = f"it begins at place {self.place}"
        if self.place == 1:
            return told
        return f"{told} after hash {self.before.hex()}, {self.kept_from:%Y-%m} is its first month"


async def beginning(connection: Connection, now: datetime) -> Beginning:
    """Return where the chain begins. Raises ChainBroken where that is not where a drop has left it.

    What is gone must be six years old by the clock and by the links that are kept, and the row of
    its drop must be there: it is newer than all that went, so no later drop has taken it along.
    """
    first = await connection.fetchrow(FIRST)
    if first is None or first["place"] == 1:
        return Beginning()
    place, month = first["place"], first["month"]
    begins = f"the chain begins at place {place}"
    if month is None:
        raise ChainBroken(f"{begins}, where no anchor of its month is")
    if month > first_kept(now):
        raise ChainBroken(f"{begins}, and what was before it was not six years old")
    said = await connection.fetchval(
        DROPPED,
        month_after(midnight(month), KEPT_MONTHS),
        DropAction.DROP_MONTHS,
        dropped(month, "%", place - 1),
    )
    if not said:
        raise ChainBroken(f"{begins}, and no row says that what was before it was dropped")
    return Beginning(place=place, before=first["hash"], kept_from=midnight(month))


async def verify_anchors(connection: Connection) -> None:
    """Raise ChainBroken where an anchor is not one that was written with a link, or has lost it."""
    false = await connection.fetchrow(FALSE)
    if false is not None:
        month, place = false["month"], false["place"]
        raise ChainBroken(
            f"the anchor of {month:%Y-%m} was put in, or places after {place} are gone"
        )
