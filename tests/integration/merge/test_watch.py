"""MG-9: a merge that does not end is an alarm."""

import asyncio

import pytest

from services.merge.__main__ import PROGRAM
from shared.program.commands import main
from tests.rigs.merge import Merging
from tests.rigs.replica import environment
from tests.support.clock import FakeClock
from tests.support.database import Database
from tests.support.lines import logged

pytestmark = pytest.mark.proves("MG-9")


def measured(merging: Merging) -> tuple[float, float]:
    metrics = merging.plumbing.metrics
    return metrics.value("merge_oldest_open_seconds"), metrics.value("merges_stuck")


async def test_the_age_of_the_oldest_open_merge_is_measured(
    merging: Merging, clock: FakeClock
) -> None:
    await merging.features.saga.watch.once()
    nothing = measured(merging)
    oldest = await merging.a_merge()
    clock.advance(minutes=1)
    await merging.a_merge()

    await merging.features.saga.watch.once()
    two = measured(merging)
    await merging.hear(*oldest.all_applied())
    await merging.features.saga.watch.once()

    assert (nothing, two, measured(merging)) == ((0, 0), (60, 0), (0, 0))


@pytest.mark.parametrize(("seconds", "stuck"), [(600, 0), (601, 1)])
async def test_a_merge_is_stuck_after_ten_minutes(
    merging: Merging, clock: FakeClock, seconds: float, stuck: int
) -> None:
    await merging.a_merge()
    clock.advance(seconds=seconds)

    await merging.features.saga.watch.once()

    assert measured(merging) == (seconds, stuck)


async def test_what_has_become_stuck_is_logged_once(merging: Merging, clock: FakeClock) -> None:
    await merging.a_merge()
    clock.advance(minutes=5)
    saga = await merging.a_merge()
    clock.advance(minutes=6)

    with logged("merge") as lines:
        for _ in range(3):
            await merging.features.saga.watch.once()
        first = lines.read_back("merges_stuck")
        clock.advance(minutes=5)
        await merging.features.saga.watch.once()
        await merging.hear(*saga.all_applied())
        await merging.features.saga.watch.once()
        then = lines.read_back("merges_stuck")

    told = [(line["level"], line["count"], line["delay_seconds"]) for line in then]
    assert len(first) == 1
    assert told == [("error", 1, 660), ("error", 2, 960)]


async def test_check_tells_of_stuck_merges_and_whom_the_oldest_waits_for(
    merging: Merging, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    saga = await merging.a_merge()
    await merging.hear(saga.merged())
    async with database.connection("merge") as connection:
        await connection.execute("UPDATE merges SET requested_at = now() - interval '1 hour'")

    for patience in ("3500", "3700"):
        await check(database, merge_stuck_seconds=patience)

    told = [line for line in capsys.readouterr().out.splitlines() if "merges stuck" in line]
    assert told[0].startswith(f"WARN merges stuck: 1, the oldest ({saga.merge_id}) of 20")
    assert told[0].endswith("waits for notify, recovery")
    assert told[1] == "ok   merges stuck"


async def check(database: Database, **settings: str) -> int:
    """Run the verb as its own process would."""
    environ = environment("merge", database.url("merge"), **settings)
    with logged("merge"):  # the verb configures the logs of its process, which is this one
        return await asyncio.to_thread(main, PROGRAM, ["check"], environ)
