"""Audit: rows that the service can only add, chained so that any later change is found (AU-1)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from shared.audit import chain as chain_module
from shared.audit.backlog import AuditBacklog
from shared.audit.chain import AuditChain, ChainBroken
from shared.audit.entries import COLUMNS
from shared.audit.verification import AuditVerification
from shared.contracts.topology import SERVICES
from shared.db import Connection, Database, RightMissing, one_connection
from shared.metrics import Metrics
from shared.progress import Progress
from tests.rigs.audit import STAFF, Book, audit, entry, opened
from tests.support import database as databases
from tests.support.clock import FakeClock
from tests.support.database import PATIENCE
from tests.support.lines import logged

AU_1 = pytest.mark.proves("AU-1")


@pytest_asyncio.fixture
async def book(database: databases.Database, clock: FakeClock) -> AsyncIterator[Book]:
    async with opened(database, clock) as made:
        yield made


@AU_1
@pytest.mark.proves("V16.2.1")
async def test_an_entry_says_who_what_whom_when_from_where_and_why(book: Book) -> None:
    said = {"subject": "patient:1", "practice": "p1", "detail": "already_issued"}
    await book.enters(outcome="refused", **said)

    [row] = await book.rows("SELECT * FROM audit_entries")
    assert row["at"] == book.clock.now()
    assert (row["actor"], row["action"], row["outcome"]) == (STAFF.actor, "token.issued", "refused")
    assert (row["source"], row["reason"]) == (STAFF.source, STAFF.reason)
    assert {name: row[name] for name in said} == said
    assert row["correlation_id"] == STAFF.correlation_id


@AU_1
@pytest.mark.proves("ST-1")
async def test_an_entry_names_both_the_client_and_whom_it_names_and_the_chain_covers_both(
    book: Book,
) -> None:
    await book.enters(origin=replace(STAFF, client="9f0c", staff="nurse-7"))
    await book.chain.once()
    [row] = await book.rows("SELECT client, staff FROM audit_entries")
    assert tuple(row) == ("9f0c", "nurse-7")
    assert (await book.verify()).startswith("chain whole to place 1")

    for change in ("client = 'other'", "staff = 'nurse-8'", "client = NULL, staff = NULL"):
        await book.by_owner(f"UPDATE audit_entries SET {change}")  # noqa: S608 - above
        await book.is_broken(r"entry [0-9a-f-]{36} .*was changed")


@AU_1
async def test_what_an_older_version_chained_is_whole_and_what_it_did_not_cover_is_told(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows from before the columns, and a new replica's row that an old one chained beside it."""
    older = ", ".join(COLUMNS.split(", ")[: chain_module.ALWAYS])
    await book.records()
    await book.enters(origin=replace(STAFF, client="9f0c"))
    with monkeypatch.context() as before:
        before.setattr(chain_module, "COLUMNS", older)
        await book.chain.once()

    told = await book.verify()

    assert told.startswith("chain whole to place 2")
    assert "of 1 an older version chained neither client nor staff" in told
    await book.by_owner("UPDATE audit_entries SET actor = 'another'")
    await book.is_broken("was changed")


@AU_1
async def test_an_entry_of_a_transaction_undone_was_never_written(book: Book) -> None:
    with pytest.raises(LookupError):  # noqa: PT012 - the transaction is what is undone
        async with book.pool.transaction() as tx:
            await audit(book.clock).record(tx, entry())
            raise LookupError

    assert await book.chain.once() == 0


@AU_1
@pytest.mark.proves("V16.4.2", "V13.2.2")
async def test_the_service_may_not_change_or_delete(book: Book) -> None:
    await book.records()
    await book.chain.once()

    async with book.pool.connection() as connection:
        for table in ("audit_entries", "audit_entries_default", "audit_chain", "audit_anchors"):
            column = "actor" if "entries" in table else "place"
            for verb in ("UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0}"):
                with pytest.raises(RightMissing):
                    await connection.execute(verb.format(table, column))


async def test_no_service_may_touch_a_partition_either(database: databases.Database) -> None:
    for service in SERVICES:
        async with one_connection(database.url(service), application="test") as connection:
            rights = await connection.fetch(
                "SELECT has_table_privilege(inhrelid, 'UPDATE, DELETE, TRUNCATE') AS much,"
                " has_table_privilege(inhrelid, 'INSERT') AS some FROM pg_inherits"
                " WHERE inhparent = 'audit_entries'::regclass"
            )
        assert len(rights) > 1
        assert {(row["much"], row["some"]) for row in rights} == {(False, True)}


@AU_1
async def test_each_entry_gets_one_place_in_order(book: Book) -> None:
    await book.records(700)

    assert [await book.chain.once() for _ in range(3)] == [500, 200, 0]
    places = await book.rows("SELECT place FROM audit_chain ORDER BY place")
    assert [row["place"] for row in places] == list(range(1, 701))
    assert "whole to place 700" in await book.verify()


@AU_1
async def test_replicas_that_chain_at_once_make_one_chain(book: Book) -> None:
    async def write() -> None:
        for _ in range(10):
            await book.records(5)

    async def chain_on() -> None:
        for _ in range(30):
            await book.chain.once()

    await asyncio.gather(write(), write(), chain_on(), chain_on(), chain_on())
    while await book.chain.once():
        pass

    assert len(await book.rows("SELECT FROM audit_chain")) == 100
    assert "whole to place 100" in await book.verify()


async def test_an_entry_that_commits_late_is_chained_all_the_same(book: Book) -> None:
    async with book.pool.transaction() as tx:
        await audit(book.clock).record(tx, entry())
        book.clock.advance(seconds=50)
        await book.records(3)
        assert await book.chain.once() == 3

    assert await book.chain.once() == 1
    await book.verify()


@AU_1
async def test_the_tail_that_is_not_chained_yet_is_reported(book: Book) -> None:
    assert "place 0" in await book.verify()
    await book.records(2)
    await book.chain.once()
    assert "nothing waits" in await book.verify()

    await book.records(3)

    told = await book.verify()
    assert "whole to place 2" in told
    assert "3 entries wait" in told


TAMPERING = {
    "an entry changed": "UPDATE audit_entries SET actor = 'anonymous' WHERE subject = 'patient:3'",
    "a null made a text": "UPDATE audit_entries SET detail = '' WHERE subject = 'patient:3'",
    "two columns swapped": "UPDATE audit_entries SET source = actor, actor = source"
    " WHERE subject = 'patient:3'",
    "its time moved": "UPDATE audit_entries SET at = at + interval '1 microsecond'"
    " WHERE subject = 'patient:3'",
    "an entry deleted": "DELETE FROM audit_entries WHERE subject = 'patient:3'",
    "an entry deleted with its place": "WITH gone AS (DELETE FROM audit_chain WHERE place = 5"
    " RETURNING entry_id) DELETE FROM audit_entries WHERE id IN (SELECT entry_id FROM gone)",
    "the first places deleted": "DELETE FROM audit_chain WHERE place < 3;"
    " DELETE FROM audit_entries WHERE id NOT IN (SELECT entry_id FROM audit_chain)",
    "the last places deleted": "DELETE FROM audit_chain WHERE place > 8",
    "a client written in": "UPDATE audit_entries SET client = '9f0c' WHERE subject = 'patient:3'",
    "a staff member written in": "UPDATE audit_entries SET staff = 'j' WHERE subject = 'patient:3'",
    "an entry put in": "INSERT INTO audit_entries"
    " SELECT gen_random_uuid(), at, actor, subject, practice, source, action, outcome, detail,"
    " reason, correlation_id, traceparent FROM audit_entries WHERE subject = 'patient:3'",
    "an entry put in under another's id": "INSERT INTO audit_entries"
    " SELECT id, at + interval '1 second', 'anonymous', subject, practice, source, action, outcome,"
    " detail, reason, correlation_id, traceparent FROM audit_entries WHERE subject = 'patient:3'",
    "two entries swapped": "UPDATE audit_entries SET subject = 'patient:' || "
    " (7 - substr(subject, 9)::int) WHERE subject IN ('patient:3', 'patient:4')",
    "two places swapped": "UPDATE audit_chain SET place = -place WHERE false;"
    " ALTER TABLE audit_chain DROP CONSTRAINT audit_chain_pkey;"
    " UPDATE audit_chain SET place = 7 - place WHERE place IN (3, 4)",
    "a digest renewed": "UPDATE audit_chain SET entry_digest = hash WHERE place = 3",
    "a hash changed": "UPDATE audit_chain SET hash = entry_digest WHERE place = 10",
    "a link put in": "INSERT INTO audit_chain SELECT 12, gen_random_uuid(), entry_at, entry_digest,"
    " hash, chained_at FROM audit_chain WHERE place = 10",
}


class OneConnection(Database):
    """Hands out one connection, so that what its transaction changed is seen, then undone."""

    def __init__(self, connection: Connection) -> None:
        self._only = connection

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        yield self._only


@pytest_asyncio.fixture(scope="module")
async def ten_chained(template: databases.Template) -> AsyncIterator[databases.Database]:
    """A database whose chain has ten places; the tests undo what they change."""
    async with template.copy() as copy:
        pool, clock = Database(copy.url("identity"), application="test", wait=PATIENCE), FakeClock()
        chain = AuditChain(database=pool, clock=clock)
        await Book(service="identity", database=copy, pool=pool, clock=clock, chain=chain).records(
            10
        )
        await chain.once()
        await pool.close()
        yield copy


@AU_1
@pytest.mark.proves("V16.4.2")
@pytest.mark.parametrize("statement", TAMPERING.values(), ids=TAMPERING)
async def test_verify_finds_and_names(
    ten_chained: databases.Database, clock: FakeClock, statement: str
) -> None:
    url = ten_chained.migration_url("identity")
    async with one_connection(url, application="test") as owner:
        verification = AuditVerification(database=OneConnection(owner), clock=clock)
        assert "whole to place 10" in await verification.verify(Progress())

        await owner.execute(f"BEGIN; {statement}")
        with pytest.raises(ChainBroken, match=r"entry [0-9a-f-]{36}|places? (after )?\d+"):
            await verification.verify(Progress())
        await owner.execute("ROLLBACK")


@AU_1
async def test_an_entry_deleted_unchained_is_found_and_holds_nothing_up(book: Book) -> None:
    await book.records(3)
    await book.by_owner("DELETE FROM audit_entries WHERE subject = 'patient:1'")

    await book.is_broken("unchained")
    assert await book.chain.once() == 2


async def test_an_entry_under_the_id_of_one_that_waits_is_found(book: Book) -> None:
    await book.records(3)
    await book.by_owner(
        "INSERT INTO audit_entries"
        " SELECT id, at - interval '1 day', 'anonymous', subject, practice, source, action,"
        " outcome, detail, reason, correlation_id, traceparent"
        " FROM audit_entries WHERE subject = 'patient:1'"
    )

    await book.is_broken("put in")


@AU_1
async def test_an_entry_without_its_waiting_row_is_found(book: Book) -> None:
    """The service itself could leave out an entry from the chain, but not unseen."""
    await book.records(3)
    async with book.pool.connection() as connection:
        await connection.execute("DELETE FROM audit_pending")

    await book.is_broken("put in")


SIX_YEARS_ON = datetime(2037, 4, 1, tzinfo=UTC)  # March of 2031 is six years old to its last row
UNCHAINED = "DELETE FROM audit_entries WHERE id NOT IN (SELECT entry_id FROM audit_chain)"
MARCH_CUT_OFF = (
    "DELETE FROM audit_chain WHERE chained_at < '2031-04-01Z';"
    "DELETE FROM audit_entries WHERE at < '2031-04-01Z'"
)


async def three_months(book: Book, *, until: datetime) -> None:
    """Four places each in March, April and May of 2031; then the time passes."""
    for _ in range(3):
        await book.records(4)
        await book.chain.once()
        book.clock.advance(days=31)
    book.clock.advance(seconds=(until - book.clock.now()).total_seconds())


@AU_1
async def test_each_month_is_anchored_in_the_next_so_that_it_can_be_dropped(book: Book) -> None:
    await three_months(book, until=SIX_YEARS_ON - timedelta(seconds=1))
    assert await book.drops() == 0
    book.clock.advance(seconds=1)
    [fourth] = await book.rows("SELECT hash FROM audit_chain WHERE place = 4")

    assert await book.drops() == 1

    told = await book.verify()
    assert "whole to place 12" in told
    begins = f"it begins at place 5 after hash {fourth['hash'].hex()}, 2031-04 is its first month"
    assert begins in told
    await book.chain.once()
    assert "whole to place 13" in await book.verify()


@AU_1
async def test_a_beginning_cut_off_before_it_was_six_years_old_is_found(book: Book) -> None:
    """Whatever row says that it was dropped: those of that time do not count later either."""
    await three_months(book, until=SIX_YEARS_ON - timedelta(seconds=1))
    await book.enters(action="audit.drop-months", detail="before:2031-04 places:1-4")
    await book.chain.once()

    await book.by_owner(MARCH_CUT_OFF)

    await book.is_broken("begins at place 5, and what was before it was not six years old")
    book.clock.advance(seconds=1)
    await book.is_broken("begins at place 5, and no row says that what was before it was dropped")


@AU_1
@pytest.mark.parametrize(
    "said",
    [
        {"detail": "before:2031-04 places:1-3"},
        {"detail": "before:2031-04 places:1-14"},
        {"detail": "before:2031-05 places:1-4"},
        {"detail": "before:2031-04 places:1-4", "outcome": "refused"},
        {"detail": "before:2031-04 places:1-4", "action": "token.issued"},
    ],
)
async def test_a_beginning_that_no_verb_has_dropped_is_found(
    book: Book, said: dict[str, str]
) -> None:
    await three_months(book, until=SIX_YEARS_ON)
    await book.enters(**{"action": "audit.drop-months", **said})
    await book.chain.once()

    await book.by_owner(MARCH_CUT_OFF)

    await book.is_broken("begins at place 5, and no row says that what was before it was dropped")


@AU_1
async def test_an_anchor_that_the_service_put_in_is_found_and_lets_nothing_be_dropped(
    book: Book,
) -> None:
    await three_months(book, until=SIX_YEARS_ON - timedelta(seconds=1))
    async with book.pool.connection() as connection:
        await connection.execute(
            "INSERT INTO audit_anchors SELECT '2020-01-01', place, hash FROM audit_chain"
            " WHERE place = 6"
        )

    await book.is_broken("the anchor of 2020-01 was put in")
    assert await book.drops() == 0

    await book.by_owner(f"DELETE FROM audit_chain WHERE place <= 6; {UNCHAINED}")  # noqa: S608 - above
    await book.is_broken("begins at place 7, where no anchor of its month is")


@AU_1
@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("DELETE FROM audit_chain", "the anchor of 2031-03 .* places after 0 are gone"),
        ("DELETE FROM audit_chain WHERE place > 8", "the anchor of 2031-05 .* after 8 are gone"),
        (
            "DELETE FROM audit_anchors WHERE place = 4;"
            " INSERT INTO audit_anchors SELECT '2031-04-01', 4, entry_digest FROM audit_chain"
            " WHERE place = 4",
            "the anchor of 2031-04 was put in",
        ),
    ],
)
async def test_what_an_anchor_says_of_the_chain_must_be_so(
    book: Book, statement: str, named: str
) -> None:
    await three_months(book, until=SIX_YEARS_ON)

    await book.by_owner(f"{statement}; {UNCHAINED}")

    await book.is_broken(named)


async def test_a_chain_that_begins_where_no_anchor_is_is_broken(book: Book) -> None:
    for _ in range(2):
        await book.records(4)
        await book.chain.once()
        book.clock.advance(days=31)

    await book.by_owner("DELETE FROM audit_chain WHERE place < 6")

    await book.is_broken("anchor")


@AU_1
async def test_an_entry_put_in_with_an_older_time_is_found(book: Book) -> None:
    await book.records(2)
    await book.chain.once()
    book.clock.advance(hours=1)
    await book.records()
    await book.chain.once()

    await book.records(at=book.clock.start + timedelta(minutes=30))
    await book.chain.once()

    await book.is_broken(r"entry .* \(place 4\) was put in later")


@AU_1
async def test_an_entry_put_in_with_a_time_to_come_is_found(book: Book) -> None:
    await book.records(at=book.clock.now() + timedelta(minutes=2))
    await book.chain.once()

    await book.is_broken("before its time")


@AU_1
async def test_entries_that_waited_for_a_replica_are_told_and_break_nothing(book: Book) -> None:
    await book.records(600)  # more than one batch
    book.clock.advance(hours=2)
    await book.records(3)
    while await book.chain.once():
        book.clock.advance(seconds=1)

    told = await book.verify()

    assert "whole to place 603" in told
    assert "600 entries chained over 0:01:00 late, the first at place 1" in told


async def links(book: Book, at: datetime, *, dated: datetime | None = None) -> None:
    """Add an entry and its link of any time, as the service's own role can."""
    await book.records(at=dated or at)
    assert await AuditChain(database=book.pool, clock=FakeClock(at)).once() == 1


HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


async def test_a_clock_set_back_by_an_hour_is_told_and_breaks_nothing(book: Book) -> None:
    await links(book, book.clock.start)
    await links(book, book.clock.start - HOUR)

    assert "whole to place 2" in (told := await book.verify())
    assert "the clock was set back at place 2" in told


@AU_1
@pytest.mark.parametrize("back", [HOUR + SECOND, timedelta(days=730)])
async def test_a_link_set_back_further_than_a_clock_is_corrected_is_found(
    book: Book, back: timedelta
) -> None:
    """However its entry fits it: no time of either is the hash's."""
    await links(book, book.clock.start)
    await links(book, book.clock.start - back)
    await links(book, book.clock.start)

    await book.is_broken(r"entry .* \(place 2\) was chained at .*, but what is before it at")


@AU_1
async def test_many_small_steps_back_are_no_corrections(book: Book) -> None:
    for back in (0, 40, 80):
        await links(book, book.clock.start - timedelta(minutes=back))

    await book.is_broken(r"entry .* \(place 3\) was chained at .*, but what is before it at")


@AU_1
async def test_a_clock_set_back_lets_no_entry_be_put_in_with_an_older_time(book: Book) -> None:
    minute, corrected = timedelta(minutes=1), book.clock.start - timedelta(minutes=30)
    await links(book, book.clock.start)
    await links(book, corrected, dated=book.clock.start - HOUR - minute)
    assert "whole to place 2" in await book.verify()

    await links(book, corrected, dated=book.clock.start - HOUR - minute - SECOND)

    await book.is_broken(r"entry .* \(place 3\) was put in later")


async def test_entries_that_waited_while_the_clock_was_set_back_break_nothing(book: Book) -> None:
    await links(book, book.clock.start)
    corrected = book.clock.start - timedelta(minutes=30)
    await links(book, corrected + timedelta(minutes=20), dated=corrected)

    told = await book.verify()

    assert "1 entries chained over 0:01:00 late, the first at place 2" in told
    assert "the clock was set back at place 2" in told


@pytest.mark.parametrize("offset", [timedelta(hours=72), timedelta(0)])
async def test_a_tour_that_moves_the_clock_breaks_nothing(book: Book, offset: timedelta) -> None:
    for shifted in (timedelta(hours=72) - offset, offset):
        book.clock.shift(shifted)
        await book.records(2)
        await book.chain.once()

    assert "whole to place 4" in await book.verify(moved=True)


@AU_1
async def test_entries_that_nobody_chains_are_an_alarm(book: Book) -> None:
    backlog = AuditBacklog(database=book.pool, clock=book.clock, metrics=Metrics())
    await book.records(3)

    with logged() as lines:
        for wait in (5, 26, 10):
            book.clock.advance(seconds=wait)
            await backlog.once()
        alarms = lines.read_back("audit_unchained")
    measured = [
        backlog.metrics.value(name) for name in ("audit_unchained", "audit_unchained_seconds")
    ]
    warned = await backlog.warning()
    await book.chain.once()
    await backlog.once()

    assert [(line["level"], line["count"], line["delay_seconds"]) for line in alarms] == [
        ("error", 3, 31)
    ]
    assert measured == [3, 41]
    assert warned == "3 rows wait to be chained, the oldest for 41 s"
    assert await backlog.warning() is None
    assert backlog.metrics.value("audit_unchained_seconds") == 0


@AU_1
@pytest.mark.proves("V13.2.2")
async def test_no_other_service_s_role_keeps_entries_from_the_chain(book: Book) -> None:
    await book.records(3)

    async with book.database.connection("notify") as other:
        await other.execute(
            "SELECT pg_advisory_lock(hashtextextended('portico audit identity', 0))"
        )
        with pytest.raises(RightMissing):
            await other.execute("SELECT FROM identity.locks FOR UPDATE")

        assert await book.chain.once() == 3
