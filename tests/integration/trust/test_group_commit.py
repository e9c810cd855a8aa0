"""Group commit: many callers, few statements, and to each what it would have had alone."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest
import pytest_asyncio

from shared import group_commit
from shared.db import Connection, Database, StatementFailed
from shared.errors import DatabaseBusy, DatabaseUnavailable
from shared.group_commit import GroupCommit
from tests.support import database as databases


@dataclass(slots=True, kw_only=True)
class Notes:
    """A table, and the groups that were written to it."""

    database: Database
    groups: list[Sequence[str]] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    held: asyncio.Event = field(default_factory=asyncio.Event)  # while clear, writing waits
    keep: GroupCommit[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.held.set()
        self.keep = GroupCommit(database=self.database, write=self.write, key=lambda text: text)

    async def write(self, connection: Connection, texts: Sequence[str]) -> Sequence[int]:
        self.groups.append(texts)
        self.begun.set()
        await self.held.wait()
        await connection.execute("INSERT INTO merge.notes SELECT unnest($1::text[])", texts)
        return [len(text) for text in texts]

    async def kept(self) -> list[str]:
        async with self.database.connection() as connection:
            rows = await connection.fetch("SELECT text FROM merge.notes ORDER BY text")
        return [row["text"] for row in rows]

    async def visible(self, text: str) -> bool:
        """Keep it; then look for it on another connection."""
        await self.keep(text)
        return text in await self.kept()


@pytest_asyncio.fixture
async def notes(database: databases.Database) -> AsyncIterator[Notes]:
    async with database.administrator() as connection:
        await connection.execute("CREATE TABLE merge.notes (text text)")
        await connection.execute("GRANT ALL ON merge.notes TO PUBLIC")
    pool = Database(database.url("merge"), application="test", wait=2.0)
    yield Notes(database=pool)
    await pool.close()


async def test_64_who_come_together_are_written_by_one_statement(notes: Notes) -> None:
    lengths = await asyncio.gather(*(notes.keep("x" * number) for number in range(1, 65)))

    assert lengths == list(range(1, 65))
    assert len(await notes.kept()) == 64
    assert [len(group) for group in notes.groups] == [64]


async def test_who_comes_while_a_statement_is_under_way_joins_the_next(notes: Notes) -> None:
    notes.held.clear()
    first = asyncio.create_task(notes.keep("first"))
    await notes.begun.wait()
    others = [asyncio.create_task(notes.keep(f"other {number}")) for number in range(5)]
    await asyncio.sleep(0)
    notes.held.set()

    await asyncio.gather(first, *others)

    assert [len(group) for group in notes.groups] == [1, 5]


async def test_each_goes_on_once_it_is_committed(notes: Notes) -> None:
    assert all(await asyncio.gather(*(notes.visible(f"note {number}") for number in range(20))))


async def test_a_value_that_no_table_takes_fails_alone(notes: Notes) -> None:
    outcomes = await asyncio.gather(
        *(notes.keep(text) for text in ("one", "\x00", "three")), return_exceptions=True
    )

    assert outcomes[::2] == [3, 5]
    assert isinstance(outcomes[1], StatementFailed)
    assert await notes.kept() == ["one", "three"]


async def test_where_the_database_is_away_all_fail_and_none_is_tried_again(notes: Notes) -> None:
    await notes.database.close()

    outcomes = await asyncio.gather(
        *(notes.keep(str(number)) for number in range(5)), return_exceptions=True
    )

    assert {type(outcome) for outcome in outcomes} == {DatabaseUnavailable}
    assert notes.groups == []


async def test_two_of_one_key_are_never_in_one_statement(notes: Notes) -> None:
    await asyncio.gather(*(notes.keep(text) for text in ("a", "b", "a", "c", "a", "b")))

    assert [sorted(group) for group in notes.groups] == [["a", "b", "c"], ["a", "b"], ["a"]]


async def test_who_gives_up_before_its_turn_is_not_written(notes: Notes) -> None:
    notes.held.clear()
    first = asyncio.create_task(notes.keep("first"))
    await notes.begun.wait()
    patient, hasty = (asyncio.create_task(notes.keep(text)) for text in ("patient", "hasty"))
    await asyncio.sleep(0)
    hasty.cancel()
    await asyncio.sleep(0)
    notes.held.set()

    await asyncio.gather(first, patient)

    assert await notes.kept() == ["first", "patient"]


async def test_too_many_are_refused_at_once(notes: Notes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "WAITING", 3)
    notes.held.clear()
    waiting = [asyncio.create_task(notes.keep(str(number))) for number in range(3)]
    await asyncio.sleep(0)

    with pytest.raises(DatabaseBusy):
        await notes.keep("one too many")
    notes.held.set()

    await asyncio.gather(*waiting)
    assert await notes.kept() == ["0", "1", "2"]


async def test_a_group_that_is_cancelled_leaves_nobody_waiting(notes: Notes) -> None:
    notes.held.clear()
    waiting = [asyncio.create_task(notes.keep(str(number))) for number in range(3)]
    await notes.begun.wait()
    later = asyncio.create_task(notes.keep("later"))
    await asyncio.sleep(0)

    [running] = [
        task for task in asyncio.all_tasks() if getattr(task.get_coro(), "__name__", "") == "_run"
    ]
    running.cancel()

    outcomes = await asyncio.gather(*waiting, later, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {asyncio.CancelledError}
    notes.held.set()
    assert await notes.keep("again") == 5
