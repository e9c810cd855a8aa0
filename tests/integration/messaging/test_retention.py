"""What could not be handled is kept for thirty days: it holds what people are mailed."""

from datetime import datetime, timedelta
from uuid import uuid4

from shared.messaging.dead_letters import warning
from tests.integration.messaging.conftest import QUEUE, Replica, Replicas
from tests.support.lines import logged

LETTER = (
    "INSERT INTO dead_letters (consumer, exchange, body, taken, reason, detail, attempts, died_at)"
    " VALUES ($1, 'identity.events', convert_to($2, 'UTF8'), false, 'unreadable', '', 0, $3)"
)
RETRY = (
    "INSERT INTO inbox_retry (consumer, exchange, body, taken, attempts, due_at, error, created_at)"
    " VALUES ($1, 'identity.events', convert_to($2, 'UTF8'), true, 1, $3, '', $3)"
)


async def keep(replica: Replica, statement: str, queue: str, *since: datetime) -> None:
    async with replica.database.connection() as connection:
        for number, moment in enumerate(since):
            await connection.execute(statement, queue, f"{number}", moment)


async def bodies(replica: Replica, table: str) -> list[str]:
    rows = await replica.fetch(f"SELECT convert_from(body, 'UTF8') FROM {table} ORDER BY id")  # noqa: S608
    return [str(body) for [body] in rows]


async def test_dead_letters_are_deleted_after_thirty_days_counted_and_logged(
    merge: Replica, replicas: Replicas
) -> None:
    now = replicas.clock.now()
    month = timedelta(days=30)
    await keep(merge, LETTER, QUEUE, now - month - timedelta(seconds=1), now - month, now)

    with logged() as lines:
        assert await merge.loop("dead letters sweep").once() == 1
        assert await merge.loop("dead letters sweep").once() == 0

    assert await bodies(merge, "dead_letters") == ["1", "2"]
    assert merge.metrics.value("dead_letters_swept", queue=QUEUE) == 1
    [line] = lines.read_back("dead_letters_swept")
    assert (line["queue"], line["count"]) == (QUEUE, 1)


async def test_a_retry_is_deleted_only_where_its_queue_is_no_more(
    merge: Replica, replicas: Replicas
) -> None:
    long_ago = replicas.clock.now() - timedelta(days=31)
    await keep(merge, RETRY, QUEUE, long_ago)
    await keep(merge, RETRY, "merge.of-old", long_ago, replicas.clock.now())

    assert await merge.loop("dead letters sweep").once() == 1

    left = await merge.fetch("SELECT consumer FROM inbox_retry ORDER BY due_at")
    assert left == [(QUEUE,), ("merge.of-old",)]


async def test_the_inbox_forgets_after_45_days(
    identity: Replica, merge: Replica, replicas: Replicas
) -> None:
    await merge.hear(identity, uuid4())

    replicas.clock.advance(days=45)
    assert await merge.loop("inbox sweep").once() == 0
    replicas.clock.advance(seconds=1)
    assert await merge.loop("inbox sweep").once() == 1


async def test_check_says_which_are_deleted_soon(merge: Replica, replicas: Replicas) -> None:
    now = replicas.clock.now()
    await keep(merge, LETTER, QUEUE, now - timedelta(days=21), now - timedelta(days=19))

    told = await warning(merge.database, now=now)

    assert told is not None
    assert told.startswith("2, the oldest of 20")
    assert told.endswith("; 1 older than 20 days, deleted at 30")
