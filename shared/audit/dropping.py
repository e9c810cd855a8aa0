"""Months of the audit that are older than six years, dropped whole by the schema's owner (AU-1)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from shared.audit.chain import ChainBroken
from shared.audit.entries import Audit, Entry, Origin
from shared.audit.partitions import midnight, present_partitions
from shared.audit.retention import DropAction, dropped, first_kept
from shared.db import Connection

PARTITION = re.compile(r"audit_entries_(\d{4})_(\d{2})")

# Of a month with a link of its own the next month's anchor says how the chain stood at its end. One
# that no link of its month follows was put in, to have more dropped than is six years old.
DUE = """
    SELECT anchor.month, anchor.place, anchor.hash, first.place AS first
    FROM (SELECT min(place) AS place FROM audit_chain) AS first, audit_anchors AS anchor
    JOIN audit_chain AS following ON following.place = anchor.place + 1
        AND anchor.month = date_trunc('month', following.chained_at AT TIME ZONE 'UTC')::date
    WHERE anchor.month <= $1 AND anchor.place >= first.place
    ORDER BY anchor.month
"""


class NotChainedYet(Exception):
    """Entries of a month that is to be dropped wait to be chained; the message says since when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OldMonths:
    """What goes in one transaction: all before a month in which the chain is anchored.

    It is one month, or several where nothing was chained in those between.
    """

    before: date
    first: int  # the places that go
    last: int
    hash: bytes  # as the anchor has it: what the place after these begins with
    partitions: Sequence[str]

    def __str__(self) -> str:
        names = ", ".join(self.partitions) or "no partition"
        return f"before {self.before:%Y-%m}: places {self.first} to {self.last} ({names})"


async def due(connection: Connection, now: datetime) -> Sequence[OldMonths]:
    """Return what may go: every row of it is six years old, and the chain goes on at an anchor."""
    rows = await connection.fetch(DUE, first_kept(now))
    if not rows:
        return ()
    partitions = await _partitions(connection)
    found, after, first = [], date.min, rows[0]["first"]
    for row in rows:
        names = [name for name, month in partitions.items() if after <= month < row["month"]]
        found.append(
            OldMonths(
                before=row["month"],
                first=first,
                last=row["place"],
                hash=row["hash"],
                partitions=sorted(names),
            )
        )
        after, first = row["month"], row["place"] + 1
    return found


async def drop(connection: Connection, months: OldMonths, *, by: Origin, audit: Audit) -> bool:
    """Drop these in the transaction that is open; False where another did. The owner's right alone.

    Raises ChainBroken where the chain does not lead to the anchor, and NotChainedYet. The lock on
    the whole table comes last and is waited for two seconds at most: all that is audited is behind
    it.
    """
    first = await connection.fetchval("SELECT min(place) FROM audit_chain")
    if first is None or first > months.last:
        return False
    found = await connection.fetchval("SELECT hash FROM audit_chain WHERE place = $1", months.last)
    if found != months.hash:
        raise ChainBroken(f"the anchor of {months.before:%Y-%m} is not place {months.last}'s")
    moment = midnight(months.before)
    waiting = await connection.fetchval("SELECT min(at) FROM audit_pending WHERE at < $1", moment)
    if waiting is not None:
        raise NotChainedYet(f"entries wait to be chained since {waiting.astimezone(UTC):%Y-%m-%d}")
    await connection.execute("DELETE FROM audit_chain WHERE place <= $1", months.last)
    await connection.execute("DELETE FROM audit_entries_default WHERE at < $1", moment)
    detail = dropped(months.before, first, months.last)
    await audit.write(
        connection, Entry(origin=by, action=DropAction.DROP_MONTHS, outcome="done", detail=detail)
    )
    await connection.execute("SET LOCAL lock_timeout = '2s'")
    for name in months.partitions:
        await connection.execute(f"DROP TABLE {name}")
    return True


async def _partitions(connection: Connection) -> dict[str, date]:
    matches = map(PARTITION.fullmatch, await present_partitions(connection))
    return {match[0]: date(int(match[1]), int(match[2]), 1) for match in matches if match}
