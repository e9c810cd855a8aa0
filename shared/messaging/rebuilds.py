"""Rebuilds: a projection made to be what its owner has, while events come and readers read (ST-3).

A rebuild begins a generation, which all that is kept from then on is of. The owner then publishes
every snapshot again, each of which is as new as any from before and replaces it; beside them it
lists, piece by piece, which subjects there are. A piece is settled once each of them is of the
generation: then what is older between its ends is nobody's, and goes. So no row is ever missing
that was there, nothing depends on the order in which messages come, and absence is never concluded
from silence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.contracts.envelope import Received
from shared.contracts.listings import SnapshotsListed
from shared.db import Connection, Row
from shared.messaging.snapshots import Projection
from shared.messaging.subscriptions import Undeliverable

FIRST = UUID(int=0)  # before every subject
LAST = UUID(int=2**128 - 1)  # after every one

# Of the same generation again: it goes on. Two that begin at once begin one.
BEGIN = """
    INSERT INTO rebuilds AS known (projection, generation, begun_at, covered)
    VALUES ($1, 1, $2, $3)
    ON CONFLICT (projection) DO UPDATE
    SET generation = known.generation + 1, begun_at = excluded.begun_at,
        covered = excluded.covered, ended_at = NULL
    WHERE known.ended_at IS NOT NULL
    RETURNING generation
"""

NEXT = """
    SELECT upto, subjects FROM listings
    WHERE projection = $1 AND generation = $2 AND after <= $3 AND upto > $3
    ORDER BY upto DESC
    LIMIT 1
"""

SETTLED = """
    UPDATE rebuilds
    SET covered = $2, ended_at = CASE WHEN $2::uuid = $4::uuid THEN $3::timestamptz END
    WHERE projection = $1
"""

FORGOTTEN = "DELETE FROM listings WHERE projection = $1 AND (generation < $2 OR upto <= $3)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuild:
    """How far a rebuild is."""

    generation: int
    begun_at: datetime
    covered: UUID
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """One piece that is as its owner has it; `gone` counts what was nobody's."""

    subjects: int
    gone: int
    whole: bool  # it was the last one


@dataclass(frozen=True, slots=True, kw_only=True)
class Listings:
    """Keeps what the owner lists for this service; what it lists for another is not its."""

    service: str
    projections: Sequence[Projection]

    async def keep(self, tx: Connection, event: Received[SnapshotsListed]) -> None:
        """A consumer's handler. Undeliverable where this service asked for no such thing."""
        listed = event.data
        if listed.service != self.service:
            return
        kept: Mapping[str, str] = {one.name: one.contract.owner for one in self.projections}
        if kept.get(listed.snapshots) != event.publisher:
            raise Undeliverable("of snapshots that are not kept here")
        begun = await find(tx, listed.snapshots)
        if begun is None or begun.generation < listed.generation:
            raise Undeliverable("of a rebuild that was not begun here")
        if begun.generation > listed.generation or listed.upto <= begun.covered:
            return
        await tx.execute(
            """
            INSERT INTO listings (projection, generation, after, upto, subjects)
            VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (projection, generation, after, upto) DO NOTHING
            """,
            listed.snapshots,
            listed.generation,
            listed.after,
            listed.upto,
            listed.subjects,
        )


async def find(connection: Connection, name: str) -> Rebuild | None:
    """Look up the last rebuild of a projection."""
    row = await connection.fetchrow(
        "SELECT generation, begun_at, covered, ended_at FROM rebuilds WHERE projection = $1", name
    )
    return Rebuild(**row) if row else None


async def count(connection: Connection, projection: Projection, generation: int) -> tuple[int, int]:
    """Count the rows, and those among them of an older generation than this."""
    row = await connection.fetchrow(
        f"SELECT count(*) AS kept, count(*) FILTER (WHERE generation < $1) AS older"  # noqa: S608 - a name of ours
        f" FROM {projection.name}",
        generation,
    )
    return (row["kept"], row["older"]) if row else (0, 0)


async def begin(tx: Connection, projection: Projection, now: datetime) -> bool:
    """Begin a generation; False where one is under way: then it goes on."""
    return await tx.fetchval(BEGIN, projection.name, now, FIRST) is not None


async def settle(tx: Connection, projection: Projection, now: datetime) -> Settled | None:
    """Settle the next piece; None where it has not come, or not all of it. One at a time."""
    row = await tx.fetchrow(
        "SELECT generation, covered FROM rebuilds"
        " WHERE projection = $1 AND ended_at IS NULL FOR UPDATE",
        projection.name,
    )
    piece = row and await tx.fetchrow(NEXT, projection.name, row["generation"], row["covered"])
    if not row or not piece or await _awaited(tx, projection, row["generation"], piece):
        return None
    gone = await _strangers(tx, projection, row, piece)
    for table, column in projection.parts.items():
        await tx.execute(f"DELETE FROM {table} WHERE {column} = ANY ($1)", gone)  # noqa: S608 - names of ours
    await tx.execute(SETTLED, projection.name, piece["upto"], now, LAST)
    await tx.execute(FORGOTTEN, projection.name, row["generation"], piece["upto"])
    return Settled(subjects=len(piece["subjects"]), gone=len(gone), whole=piece["upto"] == LAST)


async def _awaited(tx: Connection, projection: Projection, generation: int, piece: Row) -> bool:
    """Whether a snapshot of the piece is still on its way."""
    awaited: bool = await tx.fetchval(
        f"""
        SELECT EXISTS (
            SELECT FROM unnest($1::uuid[]) AS listed (subject)
            WHERE NOT EXISTS (
                SELECT FROM {projection.name} AS kept
                WHERE kept.{projection.key} = listed.subject AND kept.generation >= $2
            )
        )
        """,  # noqa: S608 - names of ours
        piece["subjects"],
        generation,
    )
    return awaited


async def _strangers(tx: Connection, projection: Projection, row: Row, piece: Row) -> list[UUID]:
    """Delete what is older than the generation and not in the piece, though between its ends."""
    gone = await tx.fetch(
        f"""
        DELETE FROM {projection.name}
        WHERE {projection.key} > $1 AND {projection.key} <= $2
          AND generation < $3 AND {projection.key} <> ALL ($4::uuid[])
        RETURNING {projection.key}
        """,  # noqa: S608 - names of ours
        row["covered"],
        piece["upto"],
        row["generation"],
        piece["subjects"],
    )
    return [each[0] for each in gone]
