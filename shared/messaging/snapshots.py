"""Snapshots: one row for one subject, and a newer version of it wins."""

from shared.db import Connection


async def keep(tx: Connection, table: str, key: str, *, version: int, **values: object) -> bool:
    """Keep a snapshot unless one as new is kept already; False: nothing changed.

    `values` are the other columns, `key` among them. One guarded statement: order, repetition and
    parallel writers do not matter. The names are the caller's own constants, never input.
    """
    columns = ("version", *values)
    places = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    renewed = ", ".join(f"{column} = excluded.{column}" for column in columns if column != key)
    kept = await tx.fetchval(
        f"""
        INSERT INTO {table} AS kept ({", ".join(columns)}) VALUES ({places})
        ON CONFLICT ({key}) DO UPDATE SET {renewed}
        WHERE kept.version < excluded.version
        RETURNING true
        """,  # noqa: S608 - names of ours
        version,
        *values.values(),
    )
    return kept is not None
