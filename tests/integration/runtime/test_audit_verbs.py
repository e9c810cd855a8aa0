"""Months of the audit that are six years old are dropped by its owner; the chain stays whole."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.client.eventually import eventually
from shared.audit.partitions import make_partitions, month_after
from shared.db import one_connection
from tests.rigs import audit
from tests.rigs.audit import Book
from tests.rigs.replica import environment
from tests.rigs.verbs import Said, begun, run
from tests.support import database as databases
from tests.support.clock import FakeClock

pytestmark = pytest.mark.proves("AU-1", "ST-3")


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """recovery's audit: four rows each of three months six years ago, and some of today."""

    book: Book
    months: Sequence[datetime]  # the last of them is not six years old in every row
    environ: dict[str, str]

    async def verb(self, *argv: str) -> Said:
        return await run("recovery", self.environ, "audit", *argv)

    async def kept(self) -> tuple[int, int]:
        """The first place that is kept, and how many partitions of the old months are."""
        [first] = await self.book.rows("SELECT min(place) FROM audit_chain")
        partitions = await self.book.rows(
            "SELECT inhrelid::regclass::text FROM pg_inherits"
            " WHERE inhparent = 'audit_entries'::regclass"
        )
        old = {f"audit_entries_{month:%Y_%m}" for month in self.months[:2]}
        return first[0], len(old & {row[0] for row in partitions})


@pytest_asyncio.fixture
async def archive(database: databases.Database) -> AsyncIterator[Archive]:
    owner = database.migration_url("recovery")
    async with one_connection(owner, application="test") as connection:
        now = await connection.fetchval("SELECT clock_timestamp()")
        months = [month_after(now, back) for back in (-74, -73, -72)]
        await make_partitions(connection, months[0], 2)
    clock = FakeClock(months[0])
    async with audit.opened(database, clock, service="recovery") as book:
        for moment in (*(month + timedelta(days=3) for month in months), now):
            clock.start = moment
            await book.records(4)
            await book.chain.once()
        environ = environment("recovery", database.url("recovery"), migration_url=owner)
        yield Archive(book=book, months=months, environ=environ)


async def test_what_it_would_drop_is_said_before(archive: Archive) -> None:
    said = await archive.verb("drop-months", "--dry-run")

    assert said.code == 0, said.err
    one, two, three = archive.months
    assert said.out.splitlines()[1:] == [
        f"would drop what is before {two:%Y-%m}: places 1 to 4 (audit_entries_{one:%Y_%m})",
        f"would drop what is before {three:%Y-%m}: places 5 to 8 (audit_entries_{two:%Y_%m})",
    ]
    assert await archive.kept() == (1, 2)


async def test_months_older_than_six_years_go_and_the_chain_begins_at_an_anchor(
    archive: Archive,
) -> None:
    said = await archive.verb("drop-months")
    again = await archive.verb("drop-months")

    assert (said.code, again.code) == (0, 0), said.err + again.err
    assert "no month of it is six years old" in again.out
    assert await archive.kept() == (9, 0)
    rows = await archive.book.rows("SELECT action, detail, actor FROM audit_entries ORDER BY at")
    assert len(rows) == 8 + 2
    assert {tuple(row) for row in rows[-2:]} == {
        ("audit.drop-months", f"before:{month:%Y-%m} places:{places}", "operator")
        for month, places in zip(archive.months[1:], ("1-4", "5-8"), strict=True)
    }
    await archive.book.chain.once()
    assert "chain whole to place 18" in await archive.book.verify()
    await archive.book.by_owner("UPDATE audit_chain SET hash = entry_digest WHERE place = 9")
    await archive.book.is_broken("place 9")


async def test_verify_says_where_it_begins_for_who_compares_it_with_what_was_told_before(
    archive: Archive,
) -> None:
    [eighth] = await archive.book.rows("SELECT hash FROM audit_chain WHERE place = 8")
    before = await archive.verb("verify")
    await archive.verb("drop-months")

    after = await archive.verb("verify")

    assert (before.code, after.code) == (0, 0), before.err + after.err
    assert "; it begins at place 1; " in before.out
    assert f"; it begins at place 9 after hash {eighth['hash'].hex()}, " in after.out


async def test_months_deleted_by_hand_are_no_months_dropped(archive: Archive) -> None:
    """Six years old, and at an anchor, but nobody's act."""
    await archive.book.by_owner(
        "DELETE FROM audit_chain WHERE place <= 8;"
        "DELETE FROM audit_entries WHERE id NOT IN (SELECT entry_id FROM audit_chain)"
    )

    said = await archive.verb("verify")

    assert said.code == 1
    assert "begins at place 9, and no row says that what was before it was dropped" in said.err


async def test_a_clock_set_back_by_days_breaks_the_chain_but_where_a_file_moves_it(
    archive: Archive, tmp_path: Path
) -> None:
    archive.book.clock.start -= timedelta(hours=72)
    await archive.book.records()
    await archive.book.chain.once()
    (file := tmp_path / "clock").write_text("0\n")

    said = await archive.verb("verify")
    toured = await run(
        "recovery", {**archive.environ, "PORTICO_CLOCK_FILE": str(file)}, "audit", "verify"
    )

    assert said.code == 1
    assert "(place 17) was chained at" in said.err
    assert toured.code == 0, toured.err
    assert "the clock was set back at place 17" in toured.out


async def test_two_at_once_drop_each_month_once(archive: Archive) -> None:
    both = await asyncio.gather(archive.verb("drop-months"), archive.verb("drop-months"))

    assert [said.code for said in both] == [0, 0], [said.err for said in both]
    assert await archive.kept() == (9, 0)
    dropped = "SELECT FROM audit_entries WHERE action = 'audit.drop-months'"
    assert len(await archive.book.rows(dropped)) == 2


async def test_a_reader_that_holds_on_is_not_waited_for_and_nothing_is_half_dropped(
    archive: Archive,
) -> None:
    """As a dump would: behind the verb's lock all that is audited would wait."""
    async with archive.book.pool.transaction() as reader:
        await reader.fetchval("SELECT count(*) FROM audit_entries")
        said = await archive.verb("drop-months")

    assert said.code == 1
    assert "DatabaseUnavailable" in said.err
    assert await archive.kept() == (1, 2)
    assert "chain whole to place 16" in await archive.book.verify()


async def test_killed_in_the_middle_it_has_dropped_nothing_and_goes_on_at_the_next_call(
    archive: Archive,
) -> None:
    async with archive.book.pool.transaction() as reader:
        await reader.fetchval("SELECT count(*) FROM audit_entries")
        async with begun("recovery", archive.environ, "audit", "drop-months") as verb:

            async def is_at_the_lock() -> None:
                assert await archive.book.rows(
                    "SELECT FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'"
                    " AND relation = 'audit_entries'::regclass"
                )

            await eventually(is_at_the_lock, within=60)
            verb.kill()

    assert await archive.kept() == (1, 2)
    assert "chain whole to place 16" in await archive.book.verify()
    assert (await archive.verb("drop-months")).code == 0
    assert await archive.kept() == (9, 0)


async def test_a_chain_that_is_not_whole_loses_nothing(archive: Archive) -> None:
    await archive.book.by_owner(
        "UPDATE audit_entries SET actor = 'another' WHERE id = (SELECT entry_id FROM audit_chain"
        " WHERE place = 2)"
    )

    said = await archive.verb("drop-months")

    assert said.code == 1
    assert "(place 2) was changed" in said.err
    assert await archive.kept() == (1, 2)


async def test_what_waits_to_be_chained_holds_its_month(archive: Archive) -> None:
    await archive.book.records(at=archive.months[0] + timedelta(days=4))

    said = await archive.verb("drop-months")

    assert (said.code, "wait to be chained since" in said.err) == (1, True)
    assert await archive.kept() == (1, 2)


async def test_the_service_s_own_role_may_not(archive: Archive) -> None:
    own = {"PORTICO_MIGRATION_URL": archive.environ["PORTICO_DATABASE_URL"]}

    said = await run("recovery", {**archive.environ, **own}, "audit", "drop-months")

    assert said.code == 1
    assert "InsufficientPrivilegeError" in said.err
    assert await archive.kept() == (1, 2)
