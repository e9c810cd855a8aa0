"""Reviews in the database: three facts of each, added by one upsert each, in any order (MG-2)."""

from dataclasses import dataclass
from datetime import datetime

from shared.contracts.identity import ReviewRefusal
from shared.contracts.ids import AccountId, MergeId
from shared.db import Connection, Row

COLUMNS = """
    merge_id, survivor_id, absorbed_id, survivor_version, absorbed_version, proven_at, approved_at,
    refusal
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """What both grants vouched for as they were checked; the versions are security versions."""

    survivor_id: AccountId
    absorbed_id: AccountId
    versions: tuple[int, int]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What was heard of one."""

    merge_id: MergeId
    proven: Proven | None
    approved: bool
    refusal: ReviewRefusal | None

    @property
    def due(self) -> bool:
        """Whether something is to come of it: it is proven, and it was approved or has ended."""
        return self.proven is not None and (self.approved or self.refusal is not None)

    @property
    def parties(self) -> tuple[AccountId, ...]:
        """The survivor and the absorbed; nobody before it is proven."""
        return (self.proven.survivor_id, self.proven.absorbed_id) if self.proven else ()


async def prove(tx: Connection, merge_id: MergeId, proven: Proven) -> Review | None:
    """Keep what was proven. None: it was kept before."""
    survivor_version, absorbed_version = proven.versions
    return _review(
        await tx.fetchrow(
            f"""
            INSERT INTO merge_reviews (
                merge_id, survivor_id, absorbed_id, survivor_version, absorbed_version, proven_at
            )
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (merge_id) DO UPDATE SET
                survivor_id = excluded.survivor_id,
                absorbed_id = excluded.absorbed_id,
                survivor_version = excluded.survivor_version,
                absorbed_version = excluded.absorbed_version,
                proven_at = excluded.proven_at
            WHERE merge_reviews.proven_at IS NULL
            RETURNING {COLUMNS}
            """,  # noqa: S608 - columns of ours
            merge_id,
            proven.survivor_id,
            proven.absorbed_id,
            survivor_version,
            absorbed_version,
            proven.at,
        )
    )


async def approve(tx: Connection, merge_id: MergeId, *, now: datetime) -> Review | None:
    """Keep that practices approved. None: that was heard before."""
    return _review(
        await tx.fetchrow(
            f"""
            INSERT INTO merge_reviews (merge_id, approved_at) VALUES ($1, $2)
            ON CONFLICT (merge_id) DO UPDATE SET approved_at = excluded.approved_at
            WHERE merge_reviews.approved_at IS NULL
            RETURNING {COLUMNS}
            """,  # noqa: S608 - columns of ours
            merge_id,
            now,
        )
    )


async def end(tx: Connection, merge_id: MergeId, refusal: ReviewRefusal) -> Review | None:
    """Keep that it ended without an approval. None: that was heard before."""
    return _review(
        await tx.fetchrow(
            f"""
            INSERT INTO merge_reviews (merge_id, refusal) VALUES ($1, $2)
            ON CONFLICT (merge_id) DO UPDATE SET refusal = excluded.refusal
            WHERE merge_reviews.refusal IS NULL
            RETURNING {COLUMNS}
            """,  # noqa: S608 - columns of ours
            merge_id,
            refusal,
        )
    )


def _review(row: Row | None) -> Review | None:
    if row is None:
        return None
    return Review(
        merge_id=row["merge_id"],
        proven=None
        if row["proven_at"] is None
        else Proven(
            survivor_id=row["survivor_id"],
            absorbed_id=row["absorbed_id"],
            versions=(row["survivor_version"], row["absorbed_version"]),
            at=row["proven_at"],
        ),
        approved=row["approved_at"] is not None,
        refusal=ReviewRefusal(row["refusal"]) if row["refusal"] else None,
    )
