"""Snapshots: one row for one subject, and a newer version of it wins."""

from collections.abc import Mapping, Sequence

from shared.db import Connection


async def keep(tx: Connection, table: str, key: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Keep each snapshot unless one as new is kept already; all in one round trip.

    A row names its columns, alike in all, `key` and `version` among them. One guarded statement
    each: order, repetition and parallel writers do not matter. The names are the caller's own
    constants, never input.
    """
    columns = tuple(rows[0])
    places = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    renewed = ", ".join(f"{column} = excluded.{column}" for column in columns if column != key)
    await tx.executemany(
        f"""
        INSERT INTO {table} AS kept ({", ".join(columns)}) VALUES ({places})
        ON CONFLICT ({key}) DO UPDATE SET {renewed}
        WHERE kept.version < excluded.version
        """,  # noqa: S608 - names of ours
        [tuple(row.values()) for row in rows],
    )
