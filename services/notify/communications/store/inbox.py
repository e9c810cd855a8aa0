"""What practices' systems published and is not taken yet, among the messages that wait for a try.

There an operator's replay of a dead letter puts it, and a sweep and the backlogs know of it.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.contracts import inbox
from shared.db import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A message as it came, by the user that the broker vouches for."""

    publisher: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """It in its row."""

    id: int
    publisher: str | None  # None: replayed, and nobody knows
    body: bytes


async def keep(tx: Connection, arrivals: Sequence[Arrival], *, now: datetime) -> None:
    """Write down what came, in its order."""
    if not arrivals:
        return
    await tx.execute(
        """
        INSERT INTO inbox_retry
            (consumer, exchange, publisher, body, taken, attempts, due_at, error, created_at)
        SELECT $1, $2, publisher, body, false, 0, $5, 'waits for its turn', $5
        FROM unnest($3::text[], $4::bytea[]) WITH ORDINALITY AS came (publisher, body, place)
        ORDER BY place
        """,
        inbox.QUEUE,
        inbox.EXCHANGE,
        [each.publisher for each in arrivals],
        [each.body for each in arrivals],
        now,
    )


async def room(tx: Connection, arrivals: Sequence[Arrival], *, most: int) -> Mapping[str, int]:
    """Say for how many of what comes of each user there is room, where so many of one may wait.

    They are counted only where that can matter: no more wait than lie between the first and the
    last by their ids. Replicas that ask at once may each fill the room.
    """
    if not arrivals:
        return {}
    coming = Counter(each.publisher for each in arrivals)
    rows = await tx.fetch(
        """
        SELECT name, CASE
            WHEN spread.ids + coming.count <= $3 THEN coming.count
            ELSE greatest(0, $3 - (
                SELECT count(*) FROM (
                    SELECT FROM inbox_retry
                    WHERE consumer = 'notify.inbox'
                      AND coalesce(publisher, '') COLLATE "C" = coming.name
                    LIMIT $3
                ) AS waiting
            ))
        END AS room
        FROM unnest((SELECT $1::text[]), $2::bigint[]) AS coming (name, count)
        CROSS JOIN LATERAL (
            SELECT coalesce(max(id) - min(id) + 1, 0) AS ids FROM inbox_retry
            WHERE consumer = 'notify.inbox'
              AND coalesce(publisher, '') COLLATE "C" = coming.name
        ) AS spread
        """,
        list(coming.keys()),
        list(coming.values()),
        most,
    )
    return {row["name"]: row["room"] for row in rows}


async def full(connection: Connection, *, most: int) -> Mapping[str, int]:
    """Say of whom as many wait as may."""
    return await _many(connection, "inbox_retry", most)


async def full_of_dead(connection: Connection, *, most: int) -> Mapping[str, int]:
    """Say of whom so many are dead that the oldest are dropped, or soon will be."""
    return await _many(connection, "dead_letters", most - most // 10)


async def _many(connection: Connection, table: str, least: int) -> Mapping[str, int]:
    rows = await connection.fetch(
        f"""
        SELECT coalesce(publisher, '') AS name, count(*) AS depth FROM {table}
        WHERE consumer = 'notify.inbox'
        GROUP BY 1 HAVING count(*) >= $1 ORDER BY 1
        """,  # noqa: S608 - a table of ours
        least,
    )
    return {row["name"]: row["depth"] for row in rows}


async def drop_dead(tx: Connection, users: Collection[str], *, most: int) -> int:
    """Delete the oldest dead letters of each of these users who has more than so many, down to
    nine tenths of it, so that few who send them ever wait for a count; return how many.

    As many at once as if a fifth too many were there: a release without this may have left
    millions, and neither to count nor to delete those takes as long as what comes can wait.
    They are counted only where that can matter, as in `room`. What another replica deletes at this
    moment is left to it.
    """
    if not users:
        return 0
    status = await tx.execute(
        """
        DELETE FROM dead_letters WHERE id = ANY (ARRAY(
            SELECT old.id FROM unnest($1::text[]) AS system (name)
            CROSS JOIN LATERAL (
                SELECT max(id) - min(id) + 1 AS ids FROM dead_letters
                WHERE consumer = 'notify.inbox'
                  AND coalesce(publisher, '') COLLATE "C" = system.name
            ) AS spread
            CROSS JOIN LATERAL (
                SELECT count(*) AS letters FROM (
                    SELECT FROM dead_letters
                    WHERE spread.ids > $2
                      AND consumer = 'notify.inbox'
                      AND coalesce(publisher, '') COLLATE "C" = system.name
                    LIMIT $3
                ) AS counted
            ) AS found
            CROSS JOIN LATERAL (
                SELECT letter.id FROM dead_letters AS letter
                WHERE letter.id = ANY (ARRAY(
                    SELECT id FROM dead_letters
                    WHERE consumer = 'notify.inbox'
                      AND coalesce(publisher, '') COLLATE "C" = system.name
                    ORDER BY id
                    LIMIT CASE WHEN found.letters > $2 THEN found.letters - $4 ELSE 0 END
                ))
                FOR UPDATE SKIP LOCKED
            ) AS old
        ))
        """,
        list(users),
        most,
        most + most // 5,
        most - most // 10,
    )
    return int(status.rpartition(" ")[2])


async def systems(
    connection: Connection, *, after: str, without: Sequence[str], limit: int
) -> Sequence[str]:
    """List who has something waiting, from behind `after`, but for some.

    It hops from user to user in the index: 100,000 messages of one cost one hop. Nobody is "".
    """
    rows = await connection.fetch(
        """
        WITH RECURSIVE ring AS (
            (
                SELECT coalesce(publisher, '') COLLATE "C" AS publisher FROM inbox_retry
                WHERE consumer = 'notify.inbox'
                  AND (coalesce(publisher, '') COLLATE "C" > $1 OR $1 = '')
                ORDER BY coalesce(publisher, '') COLLATE "C" LIMIT 1
            )
            UNION ALL
            SELECT (
                SELECT coalesce(waiting.publisher, '') COLLATE "C" FROM inbox_retry AS waiting
                WHERE waiting.consumer = 'notify.inbox'
                  AND coalesce(waiting.publisher, '') COLLATE "C" > ring.publisher
                ORDER BY coalesce(waiting.publisher, '') COLLATE "C" LIMIT 1
            )
            FROM ring WHERE ring.publisher IS NOT NULL
        )
        SELECT publisher FROM ring
        WHERE publisher IS NOT NULL AND publisher <> ALL ($2::text[])
        LIMIT $3
        """,
        after,
        list(without),
        limit,
    )
    return [row["publisher"] for row in rows]


async def claim(tx: Connection, users: Sequence[str], *, limit: int) -> Sequence[Waiting]:
    """Hold each user's oldest, as many of one as of another."""
    rows = await tx.fetch(
        """
        SELECT of_one.id, of_one.publisher, of_one.body
        FROM unnest($1::text[]) AS system (name)
        CROSS JOIN LATERAL (
            SELECT id, publisher, body FROM inbox_retry
            WHERE consumer = 'notify.inbox'
              AND coalesce(publisher, '') COLLATE "C" = system.name
            ORDER BY id LIMIT $2
            FOR UPDATE SKIP LOCKED
        ) AS of_one
        """,
        list(users),
        limit,
    )
    return [Waiting(**row) for row in rows]


async def forget(tx: Connection, done: Sequence[Waiting]) -> None:
    """Remove what is taken, or dead."""
    await tx.execute("DELETE FROM inbox_retry WHERE id = ANY ($1)", [each.id for each in done])
