"""Snapshots: one row for one subject, and a newer version of it wins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from shared.contracts.contract import Contract
from shared.db import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """A table of another's snapshots. The names are the caller's own constants, never input."""

    name: str  # of the table, and what its owner calls these snapshots
    contract: Contract[Any]
    key: str
    parts: Mapping[str, str] = field(default_factory=dict)
    """Tables that are filled from the same snapshots, each with its column of the key."""

    async def keep(self, tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Keep each snapshot unless one as new is kept already; all by one statement.

        A row names its columns, alike in all, the key and `version` among them. Order, repetition
        and parallel writers do not matter. What is kept since before a rebuild began is replaced
        by one that is as new, too: it may be damaged, or lack what this release keeps besides.
        """
        columns = ", ".join(rows[0])
        renewed = ", ".join(
            f"{column} = excluded.{column}"
            for column in (*rows[0], "generation")
            if column != self.key
        )
        await tx.execute(
            f"""
            INSERT INTO {self.name} AS kept ({columns}, generation)
            SELECT {columns},
                coalesce((SELECT generation FROM rebuilds WHERE projection = '{self.name}'), 0)
            FROM json_populate_recordset(NULL::{self.name}, $1::text::json)
            ON CONFLICT ({self.key}) DO UPDATE SET {renewed}
            WHERE (kept.version, kept.generation) < (excluded.version, excluded.generation)
            """,  # noqa: S608 - names of ours
            msgspec.json.encode([as_json(row) for row in newest(self.key, rows)]).decode(),
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
