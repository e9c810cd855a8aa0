"""Audit: rows that the service can only add, chained so that any later change is found (AU-1)."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from shared.audit import chain as chain_module
from shared.audit.backlog import AuditBacklog
from shared.audit.chain import AuditChain, ChainBroken
from shared.audit.entries import COLUMNS, Audit, Entry, Origin
from shared.contracts.topology import SERVICES
from shared.db import Connection, Database, RightMissing, one_connection
from shared.metrics import Metrics
from shared.randomness import Randomness
from tests.support import database as databases
from tests.support.clock import FakeClock
from tests.support.lines import logged

AU_1 = pytest.mark.proves("AU-1")
RANDOMNESS = Randomness()
STAFF = Origin(
    actor="staff:7@p1",
    source="192.0.2.1",
    correlation_id=RANDOMNESS.uuid(),
    traceparent="00-1-2-01",
    reason="asked by phone",
)


@pytest_asyncio.fixture
async def pool(database: databases.Database) -> AsyncIterator[Database]:
    made = Database(database.url("identity"), application="test", wait=10.0)
    yield made
    await made.close()


@pytest.fixture
def chain(pool: Database, clock: FakeClock) -> AuditChain:
    return AuditChain(database=pool, clock=clock)


async def record(pool: Database, clock: FakeClock, count: int = 1) -> None:
    audit = Audit(clock=clock, randomness=RANDOMNESS)
    async with pool.transaction() as tx:
        for number in range(count):
            await audit.record(
                tx,
                Entry(
                    origin=STAFF, action="token.issued", outcome="done", subject=f"patient:{number}"
                ),
            )


async def as_owner(database: databases.Database, statement: str) -> None:
    """What a thief with the migration role's password could do."""
    url = database.migration_url("identity")
    async with one_connection(url, application="test") as connection:
        await connection.execute(statement)


async def chained(pool: Database) -> int:
    async with pool.connection() as connection:
        found: int = await connection.fetchval("SELECT count(*) FROM audit_chain")
    return found


@AU_1
@pytest.mark.proves("V16.2.1")
async def test_an_entry_says_who_what_whom_when_from_where_and_why(
    pool: Database, clock: FakeClock
) -> None:
    audit = Audit(clock=clock, randomness=RANDOMNESS)
    async with pool.transaction() as tx:
        await audit.record(
            tx,
            Entry(
                origin=STAFF,
                action="token.issued",
                outcome="refused",
                subject="patient:1",
                practice="p1",
                detail="already_issued",
            ),
        )

    async with pool.connection() as connection:
        [row] = await connection.fetch("SELECT * FROM audit_entries")
    assert row["at"] == clock.now()
    assert (row["actor"], row["action"], row["subject"]) == (
        STAFF.actor,
        "token.issued",
        "patient:1",
    )
    assert (row["source"], row["reason"]) == (STAFF.source, STAFF.reason)
    assert (row["outcome"], row["detail"], row["practice"]) == ("refused", "already_issued", "p1")
    assert row["correlation_id"] == STAFF.correlation_id


@AU_1
@pytest.mark.proves("ST-1")
async def test_an_entry_names_both_the_client_and_whom_it_names_and_the_chain_covers_both(
    pool: Database, database: databases.Database, clock: FakeClock, chain: AuditChain
) -> None:
    origin = replace(STAFF, client="9f0c", staff="nurse-7")
    async with pool.transaction() as tx:
        await Audit(clock=clock, randomness=RANDOMNESS).record(
            tx, Entry(origin=origin, action="x", outcome="done")
        )
    await chain.once()
    async with pool.connection() as connection:
        [row] = await connection.fetch("SELECT client, staff FROM audit_entries")
    assert tuple(row) == ("9f0c", "nurse-7")
    assert (await chain.verify()).startswith("chain whole to place 1")

    for change in ("client = 'other'", "staff = 'nurse-8'", "client = NULL, staff = NULL"):
        await as_owner(database, f"UPDATE audit_entries SET {change}")  # noqa: S608 - above
        with pytest.raises(ChainBroken, match="was changed"):
            await chain.verify()


@AU_1
async def test_what_an_older_version_chained_is_whole_and_what_it_did_not_cover_is_told(
    pool: Database,
    database: databases.Database,
    clock: FakeClock,
    chain: AuditChain,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rows from before the columns, and a new replica's row that an old one chained beside it."""
    older = ", ".join(COLUMNS.split(", ")[: chain_module.ALWAYS])
    await record(pool, clock)
    async with pool.transaction() as tx:
        await Audit(clock=clock, randomness=RANDOMNESS).record(
            tx, Entry(origin=replace(STAFF, client="9f0c"), action="x", outcome="done")
        )
    with monkeypatch.context() as before:
        before.setattr(chain_module, "COLUMNS", older)
        await chain.once()

    told = await chain.verify()

    assert told.startswith("chain whole to place 2")
    assert "of 1 an older version chained neither client nor staff" in told
    await as_owner(database, "UPDATE audit_entries SET actor = 'another'")
    with pytest.raises(ChainBroken, match="was changed"):
        await chain.verify()


@AU_1
async def test_an_entry_of_a_transaction_undone_was_never_written(
    pool: Database, clock: FakeClock, chain: AuditChain
) -> None:
    with pytest.raises(LookupError):  # noqa: PT012 - the transaction is what is undone
        async with pool.transaction() as tx:
            await Audit(clock=clock, randomness=RANDOMNESS).record(
                tx, Entry(origin=STAFF, action="x", outcome="done")
            )
            raise LookupError

    assert await chain.once() == 0


@AU_1
@pytest.mark.proves("V16.4.2", "V13.2.2")
async def test_the_service_may_not_change_or_delete(
    pool: Database, clock: FakeClock, chain: AuditChain
) -> None:
    await record(pool, clock)
    await chain.once()

    async with pool.connection() as connection:
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
async def test_each_entry_gets_one_place_in_order(
    pool: Database, clock: FakeClock, chain: AuditChain
) -> None:
    await record(pool, clock, 700)

    assert [await chain.once() for _ in range(3)] == [500, 200, 0]
    async with pool.connection() as connection:
        places = await connection.fetch("SELECT place FROM audit_chain ORDER BY place")
    assert [row["place"] for row in places] == list(range(1, 701))
    assert "whole to place 700" in await chain.verify()


@AU_1
async def test_replicas_that_chain_at_once_make_one_chain(
    pool: Database, clock: FakeClock, chain: AuditChain
) -> None:
    async def write() -> None:
        for _ in range(10):
            await record(pool, clock, 5)

    async def chain_on() -> None:
        for _ in range(30):
            await chain.once()

    await asyncio.gather(write(), write(), chain_on(), chain_on(), chain_on())
    while await chain.once():
        pass

    assert await chained(pool) == 100
    assert "whole to place 100" in await chain.verify()


async def test_an_entry_that_commits_late_is_chained_all_the_same(
    pool: Database, clock: FakeClock, chain: AuditChain
) -> None:
    async with pool.transaction() as tx:
        await Audit(clock=clock, randomness=RANDOMNESS).record(
            tx, Entry(origin=STAFF, action="slow", outcome="done")
        )
        clock.advance(seconds=50)
        await record(pool, clock, 3)
        assert await chain.once() == 3

    assert await chain.once() == 1
    await chain.verify()


@AU_1
async def test_the_tail_that_is_not_chained_yet_is_reported(
    pool: Database, clock: FakeClock, chain: AuditChain
) -> None:
    assert "place 0" in await chain.verify()
    await record(pool, clock, 2)
    await chain.once()
    assert "nothing waits" in await chain.verify()

    await record(pool, clock, 3)

    told = await chain.verify()
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
        pool, clock = Database(copy.url("identity"), application="test"), FakeClock()
        await record(pool, clock, 10)
        await AuditChain(database=pool, clock=clock).once()
        await pool.close()
        yield copy


@AU_1
@pytest.mark.proves("V16.4.2")
@pytest.mark.parametrize("statement", TAMPERING.values(), ids=TAMPERING)
async def test_verify_finds(
    ten_chained: databases.Database, clock: FakeClock, statement: str
) -> None:
    url = ten_chained.migration_url("identity")
    async with one_connection(url, application="test") as owner:
        chain = AuditChain(database=OneConnection(owner), clock=clock)
        assert "whole to place 10" in await chain.verify()

        await owner.execute(f"BEGIN; {statement}")
        with pytest.raises(ChainBroken):
            await chain.verify()
        await owner.execute("ROLLBACK")


@AU_1
async def test_an_entry_deleted_before_it_was_chained_is_found_and_holds_nothing_up(
    database: databases.Database, pool: Database, clock: FakeClock, chain: AuditChain
) -> None:
    await record(pool, clock, 3)
    await as_owner(database, "DELETE FROM audit_entries WHERE subject = 'patient:1'")

    with pytest.raises(ChainBroken, match="unchained"):
        await chain.verify()
    assert await chain.once() == 2


async def test_an_entry_without_its_waiting_row_is_found(
    pool: Database, clock: FakeClock, chain: AuditChain
) -> None:
    """The service itself could leave out an entry from the chain, but not unseen."""
    await record(pool, clock, 3)
    async with pool.connection() as connection:
        await connection.execute("DELETE FROM audit_pending")

    with pytest.raises(ChainBroken, match="put in"):
        await chain.verify()


async def test_what_is_wrong_is_named(
    database: databases.Database, pool: Database, clock: FakeClock, chain: AuditChain
) -> None:
    await record(pool, clock, 3)
    await chain.once()
    await as_owner(database, "UPDATE audit_entries SET actor = 'x' WHERE subject = 'patient:1'")

    with pytest.raises(ChainBroken, match=re.compile(r"entry [0-9a-f-]{36} .*was changed")):
        await chain.verify()


@AU_1
async def test_each_month_is_anchored_in_the_next_so_that_old_months_can_be_dropped(
    database: databases.Database, pool: Database, clock: FakeClock, chain: AuditChain
) -> None:
    for _ in range(3):
        await record(pool, clock, 4)
        await chain.once()
        clock.advance(days=31)
    april = datetime(2031, 4, 1, tzinfo=UTC)
    assert clock.start + timedelta(days=31) > april

    await as_owner(
        database,
        "DELETE FROM audit_chain WHERE chained_at < '2031-04-01Z';"
        "DELETE FROM audit_entries WHERE at < '2031-04-01Z'",
    )

    assert "whole to place 12" in await chain.verify()


async def test_a_chain_that_begins_where_no_anchor_is_is_broken(
    database: databases.Database, pool: Database, clock: FakeClock, chain: AuditChain
) -> None:
    for _ in range(2):
        await record(pool, clock, 4)
        await chain.once()
        clock.advance(days=31)

    await as_owner(database, "DELETE FROM audit_chain WHERE place < 6")

    with pytest.raises(ChainBroken, match="anchor"):
        await chain.verify()


async def record_of(pool: Database, at: datetime) -> None:
    """What the service's own role can do: an entry with any time."""
    await record(pool, FakeClock(at))


@AU_1
async def test_an_entry_put_in_with_an_older_time_is_found(
    pool: Database, clock: FakeClock, chain: AuditChain
) -> None:
    await record(pool, clock, 2)
    await chain.once()
    clock.advance(hours=1)
    await record(pool, clock, 1)
    await chain.once()

    await record_of(pool, clock.start + timedelta(minutes=30))
    await chain.once()

    with pytest.raises(ChainBroken, match=re.compile(r"entry .* \(place 4\) was put in later")):
        await chain.verify()


@AU_1
async def test_an_entry_put_in_with_a_time_to_come_is_found(
    pool: Database, clock: FakeClock, chain: AuditChain
) -> None:
    await record_of(pool, clock.now() + timedelta(minutes=2))
    await chain.once()

    with pytest.raises(ChainBroken, match="before its time"):
        await chain.verify()


@AU_1
async def test_entries_that_waited_while_no_replica_ran_are_told_and_break_nothing(
    pool: Database, clock: FakeClock, chain: AuditChain
) -> None:
    await record(pool, clock, 600)  # more than one batch
    clock.advance(hours=2)
    await record(pool, clock, 3)
    while await chain.once():
        clock.advance(seconds=1)

    told = await chain.verify()

    assert "whole to place 603" in told
    assert "600 entries chained over 0:01:00 late, the first at place 1" in told


async def test_a_link_whose_own_time_is_older_than_the_one_before_is_told(
    pool: Database, clock: FakeClock, chain: AuditChain
) -> None:
    await record(pool, clock)
    await chain.once()
    earlier = FakeClock(clock.start - timedelta(days=7))
    await record(pool, earlier)
    await AuditChain(database=pool, clock=earlier).once()

    assert "the clock was set back at place 2" in await chain.verify()


@pytest.mark.parametrize("offset", [timedelta(hours=72), timedelta(0)])
async def test_a_tour_that_moves_the_clock_breaks_nothing(
    pool: Database, clock: FakeClock, chain: AuditChain, offset: timedelta
) -> None:
    clock.shift(timedelta(hours=72) - offset)
    await record(pool, clock, 2)
    await chain.once()
    clock.shift(offset)
    await record(pool, clock, 2)
    await chain.once()

    assert "whole to place 4" in await chain.verify()


@AU_1
async def test_entries_that_nobody_chains_are_an_alarm(
    pool: Database, clock: FakeClock, chain: AuditChain
) -> None:
    backlog = AuditBacklog(database=pool, clock=clock, metrics=Metrics())
    await record(pool, clock, 3)

    with logged() as lines:
        for wait in (5, 26, 10):
            clock.advance(seconds=wait)
            await backlog.once()
        alarms = lines.read_back("audit_unchained")
    measured = [
        backlog.metrics.value(name) for name in ("audit_unchained", "audit_unchained_seconds")
    ]
    warned = await backlog.warning()
    await chain.once()
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
async def test_no_other_service_s_role_keeps_entries_from_the_chain(
    database: databases.Database, pool: Database, clock: FakeClock, chain: AuditChain
) -> None:
    await record(pool, clock, 3)

    async with database.connection("notify") as other:
        await other.execute(
            "SELECT pg_advisory_lock(hashtextextended('portico audit identity', 0))"
        )
        with pytest.raises(RightMissing):
            await other.execute("SELECT FROM identity.locks FOR UPDATE")

        assert await chain.once() == 3
