"""Snapshots: one row for one subject, and a newer version of it wins."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from shared.db import Connection


async def keep(tx: Connection, table: str, key: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep each snapshot unless one as new is kept already; all by one statement.

    A row names its columns, alike in all, `key` and `version` among them. Order, repetition and
    parallel writers do not matter. The names are the caller's own constants, never input.
    """
    columns = ", ".join(rows[0])
    renewed = ", ".join(f"{column} = excluded.{column}" for column in rows[0] if column != key)
    await tx.execute(
        f"""
        INSERT INTO {table} AS kept ({columns})
        SELECT {columns} FROM json_populate_recordset(NULL::{table}, $1::text::json)
        ON CONFLICT ({key}) DO UPDATE SET {renewed}
        WHERE kept.version < excluded.version
        """,  # noqa: S608 - names of ours
        msgspec.json.encode([as_json(row) for row in newest(key, rows)]).decode(),
    )


def newest(key: str, rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Leave one row of each key, in the order in which the keys came."""
    found: dict[object, Mapping[str, Any]] = {}
    for row in rows:
        known = found.get(row[key])
        if known is None or known["version"] < row["version"]:
            found[row[key]] = row
    return tuple(found.values())


def as_json(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Write bytes, and lists of them, as PostgreSQL reads them from text."""
    return {
        column: written(value) if isinstance(value, bytes | list) else value
        for column, value in row.items()
    }


def written(value: object) -> object:
    if isinstance(value, list):
        return [written(each) for each in value]
    return f"\\x{value.hex()}" if isinstance(value, bytes) else value
