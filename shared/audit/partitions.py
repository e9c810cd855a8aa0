"""The monthly partitions of the audit table, made ahead of their time by `migrate` (AU-1)."""

from datetime import UTC, date, datetime

from shared.db import Connection

MONTHS_AHEAD = 24


def month_after(moment: datetime, months: int) -> datetime:
    """Return the first instant of the month that many months later, in UTC."""
    moment = moment.astimezone(UTC)
    count = moment.year * 12 + moment.month - 1 + months
    return datetime(count // 12, count % 12 + 1, 1, tzinfo=UTC)


def midnight(month: date) -> datetime:
    """Return the first instant of a month, in UTC."""
    return datetime(month.year, month.month, 1, tzinfo=UTC)


async def make_partitions(connection: Connection, now: datetime, months: int) -> None:
    """Make this month's partition and those of the months ahead; needs the migration role.

    Rows that had to go to the default partition meanwhile are moved to their own. Where the
    audit table does not exist there is nothing to do.
    """
    if await connection.fetchval("SELECT to_regclass('audit_entries')") is None:
        return
    for ahead in range(months + 1):
        begin, end = month_after(now, ahead), month_after(now, ahead + 1)
        name = f"audit_entries_{begin:%Y_%m}"
        if await connection.fetchval("SELECT to_regclass($1)", name) is None:
            await _make(connection, name, begin, end)


async def _make(connection: Connection, name: str, begin: datetime, end: datetime) -> None:
    await connection.execute(f"CREATE TABLE {name} (LIKE audit_entries INCLUDING ALL)")
    await connection.execute(
        f"WITH moved AS (DELETE FROM audit_entries_default WHERE at >= $1 AND at < $2 RETURNING *)"  # noqa: S608 - a name of ours
        f" INSERT INTO {name} SELECT * FROM moved",
        begin,
        end,
    )
    await connection.execute(
        f"ALTER TABLE audit_entries ATTACH PARTITION {name}"
        f" FOR VALUES FROM ('{begin.isoformat()}') TO ('{end.isoformat()}')"
    )


async def present_partitions(connection: Connection) -> frozenset[str]:
    """Name those that there are, the default among them."""
    rows = await connection.fetch(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = to_regclass('audit_entries')"
    )
    return frozenset(row["relname"] for row in rows)


async def months_ahead(connection: Connection, now: datetime) -> int:
    """Count the whole months after this one that have a partition; `check` warns at 3."""
    present = await present_partitions(connection)
    for ahead in range(1, MONTHS_AHEAD * 10):
        if f"audit_entries_{month_after(now, ahead):%Y_%m}" not in present:
            return ahead - 1
    return MONTHS_AHEAD * 10
