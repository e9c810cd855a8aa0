"""What is kept of a table: shared looks, and answers from memory while the database is away."""

import asyncio
from dataclasses import dataclass, field

import pytest

from shared.errors import DatabaseUnavailable
from shared.kept import FRESH, Kept


@dataclass(slots=True)
class Table:
    """Counts how often it was read; away or hanging where a test says so."""

    reads: int = 0
    away: bool = False
    answering: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.answering.set()

    async def read(self) -> int:
        self.reads += 1
        await self.answering.wait()
        if self.away:
            raise DatabaseUnavailable
        return self.reads


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def kept(table: Table) -> Kept[int]:
    return Kept(table.read, before=0)


async def test_what_is_fresh_is_not_read_again(table: Table, kept: Kept[int]) -> None:
    assert [await kept.fresh() for _ in range(3)] == [1, 1, 1]

    kept._read_at -= FRESH + 1  # as if that time had passed

    assert await kept.fresh() == 2
    assert table.reads == 2


async def test_a_thousand_looks_at_once_are_one(table: Table, kept: Kept[int]) -> None:
    assert set(await asyncio.gather(*(kept.look() for _ in range(1000)))) == {1}
    assert table.reads == 1


async def test_a_look_tells_what_was_there_after_it_was_asked_for(
    table: Table, kept: Kept[int]
) -> None:
    table.answering.clear()
    first = asyncio.create_task(kept.look())
    await asyncio.sleep(0)
    second = asyncio.create_task(kept.look())
    await asyncio.sleep(0)

    table.answering.set()

    assert (await first, await second) == (1, 2)


async def test_what_was_never_read_is_not_made_up(table: Table, kept: Kept[int]) -> None:
    table.away = True

    with pytest.raises(DatabaseUnavailable):
        await kept.fresh()
    table.away = False

    assert await kept.fresh() == 2


async def test_while_the_database_is_away_it_is_asked_once_for_all_who_wait(
    table: Table, kept: Kept[int]
) -> None:
    await kept.look()
    table.away = True
    table.answering.clear()
    waiting = [asyncio.create_task(kept.look()) for _ in range(100)]
    await asyncio.sleep(0.1)  # past the pause between two looks
    table.answering.set()

    outcomes = await asyncio.gather(*waiting, return_exceptions=True)

    assert {type(outcome) for outcome in outcomes} == {DatabaseUnavailable}
    assert table.reads == 2


async def test_nobody_waits_for_a_look_that_hangs_where_something_is_kept(
    table: Table, kept: Kept[int]
) -> None:
    await kept.look()
    kept._read_at -= FRESH + 1  # as if that time had passed
    table.answering.clear()
    hanging = asyncio.create_task(kept.look())
    await asyncio.sleep(0)

    assert await kept.fresh() == 1

    hanging.cancel()
