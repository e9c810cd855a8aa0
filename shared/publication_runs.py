"""Where the publication of one kind of snapshots stands, kept so that it is gone on with (ST-3).

Each statement but the look names the run: of two calls the later one goes on, and the other stops.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

GOES_ON = """
    (NOT $7 AND (known.since, known.rebuild)
                IS NOT DISTINCT FROM (excluded.since, excluded.rebuild))
"""
BEGIN = f"""
    INSERT INTO publications AS known (snapshots, since, rebuild, run, after, published, begun_at)
    VALUES ($1, $2, $3, $4, $5, 0, $6)
    ON CONFLICT (snapshots) DO UPDATE
    SET since = excluded.since, rebuild = excluded.rebuild, run = excluded.run,
        after = CASE WHEN {GOES_ON} THEN known.after ELSE excluded.after END,
        published = CASE WHEN {GOES_ON} THEN known.published ELSE 0 END,
        begun_at = CASE WHEN {GOES_ON} THEN known.begun_at ELSE excluded.begun_at END
    WHERE known.rebuild = ''
       OR split_part(known.rebuild, ':', 1) = split_part(excluded.rebuild, ':', 1)
    RETURNING after, published, begun_at
"""  # noqa: S608 - words of ours

LEFT = """
    SELECT after, published, begun_at, rebuild,
        since IS NOT DISTINCT FROM $2 AND rebuild = $3 AS same,
        rebuild <> '' AND split_part(rebuild, ':', 1) <> split_part($3, ':', 1) AS of_another
    FROM publications WHERE snapshots = $1
"""

REBUILT = "SELECT rebuild FROM publications WHERE snapshots = $1"

ADVANCE = """
    UPDATE publications SET after = $3, published = published + $4
    WHERE snapshots = $1 AND run = $2
    RETURNING published
"""

END = "DELETE FROM publications WHERE snapshots = $1 AND run = $2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Where an earlier call of the same verb has stopped."""

    after: UUID
    published: int
    begun_at: datetime | None  # None: by a release that did not say
