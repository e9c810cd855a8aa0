"""Migrations: once, in order, unchanged; and the rights that are given after them."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from itertools import chain
from pathlib import Path

import pytest

from deploy.local.provision import connected
from shared.audit.partitions import months_ahead
from shared.db import RightMissing, StatementFailed, one_connection
from shared.migrate import MigrationRefused, migrate
from tests.support.database import Database, Template

NOW = datetime(2031, 3, 5, 9, 0, tzinfo=UTC)
NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "extra" / "migrations"
    made.mkdir(parents=True)
    (made / "0001_birds.sql").write_text("CREATE TABLE birds (name text PRIMARY KEY);")
    (made / "0002_nests.sql").write_text("CREATE TABLE nests (id bigint);")
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """Identity's schema, and the folder of migrations that comes on top."""

    database: Database
    folder: Path

    async def applied(self) -> list[str]:
        url = self.database.migration_url("identity")
        return await migrate(url, service="identity", folders=[self.folder], now=NOW)

    async def refused(self, match: str) -> None:
        with pytest.raises(MigrationRefused, match=match):
            await self.applied()

    async def names(self, statement: str) -> list[str]:
        url = self.database.migration_url("identity")
        async with one_connection(url, application="test") as connection:
            return [row[0] for row in await connection.fetch(statement)]


@pytest.fixture
def schema(database: Database, folder: Path) -> Schema:
    return Schema(database=database, folder=folder)


async def test_each_file_is_applied_once_and_in_order(schema: Schema) -> None:
    assert await schema.applied() == ["extra/0001_birds.sql", "extra/0002_nests.sql"]
    assert await schema.applied() == []

    (schema.folder / "0003_eggs.sql").write_text("CREATE TABLE eggs (id bigint);")
    assert await schema.applied() == ["extra/0003_eggs.sql"]


@pytest.mark.parametrize("recorded", [True, False])
async def test_of_eight_at_once_one_applies_each_file(schema: Schema, recorded: bool) -> None:
    if not recorded:
        async with schema.database.connection("identity_migration") as owner:
            await owner.execute("DROP TABLE schema_migrations")

    outcomes = await asyncio.gather(*(schema.applied() for _ in range(8)))

    assert sorted(chain.from_iterable(outcomes)) == [
        "extra/0001_birds.sql",
        "extra/0002_nests.sql",
    ]


@pytest.mark.parametrize("role", ["notify", "identity"])
async def test_no_other_role_holds_a_migration_up(schema: Schema, role: str) -> None:
    """Advisory locks belong to everybody who may connect, and table locks to who may write."""
    async with schema.database.connection(role) as other:
        await other.execute(
            "SELECT pg_advisory_lock(hashtextextended('portico migrate identity', 0))"
        )
        await other.execute("BEGIN; SAVEPOINT before")
        for lock in ("SHARE", "SHARE UPDATE EXCLUSIVE", "EXCLUSIVE"):
            with pytest.raises(RightMissing):
                await other.execute(f"LOCK TABLE identity.schema_migrations IN {lock} MODE")
            await other.execute("ROLLBACK TO before")

        async with asyncio.timeout(20):
            assert len(await schema.applied()) == 2


async def test_a_database_that_cannot_hold_every_name_is_refused(
    template: Template, folder: Path
) -> None:
    async with template.foreign("other", "ENCODING 'LATIN1' LOCALE 'C'") as access:
        with pytest.raises(MigrationRefused, match="encoding is LATIN1, not UTF8"):
            await migrate(access.migration_url("identity"), service="identity", folders=[folder])
        async with connected(access.administrator_url) as administrator:
            left = await administrator.fetchval("SELECT to_regclass('identity.schema_migrations')")

    assert left is None


async def test_a_database_that_can_only_be_read_is_refused(schema: Schema) -> None:
    async with schema.database.administrator() as administrator:
        name = await administrator.fetchval("SELECT current_database()")
        await administrator.execute(
            f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'
        )

    await schema.refused("read-only")


async def test_what_a_file_says_is_told_and_files_before_it_stay_applied(schema: Schema) -> None:
    said = "DO $$ BEGIN RAISE EXCEPTION 'two birds in a nest' USING HINT = 'Move one'; END $$"
    (schema.folder / "0003_moves.sql").write_text(said)

    await schema.refused(r"extra/0003_moves\.sql: two birds.*\. Move one")
    (schema.folder / "0003_moves.sql").write_text("SELECT 1")

    assert await schema.applied() == ["extra/0003_moves.sql"]


async def test_an_edited_or_renamed_file_is_refused_by_name(schema: Schema) -> None:
    await schema.applied()

    (schema.folder / "0002_nests.sql").rename(schema.folder / "0002_homes.sql")
    await schema.refused(r"0002_homes\.sql: .* as 0002_nests\.sql")
    (schema.folder / "0001_birds.sql").write_text("CREATE TABLE birds (name text);")
    await schema.refused(r"extra/0001_birds\.sql: changed")


@pytest.mark.parametrize("name", ["0004_eggs.sql", "0002_eggs.sql", "0003-eggs.sql", "3_eggs.sql"])
async def test_a_gap_a_double_and_a_misnamed_file_are_refused_before_anything_is_touched(
    folder: Path, name: str
) -> None:
    (folder / name).write_text("SELECT 1")

    with pytest.raises(MigrationRefused, match="extra/"):
        await migrate(NOWHERE, service="identity", folders=[folder])


async def test_a_failing_file_leaves_nothing_of_itself(schema: Schema) -> None:
    (schema.folder / "0003_eggs.sql").write_text("CREATE TABLE eggs (id bigint); SELECT 1/0;")

    with pytest.raises(StatementFailed):
        await schema.applied()

    assert await schema.names(
        "SELECT name FROM schema_migrations WHERE folder = 'extra' ORDER BY 1"
    ) == ["0001_birds.sql", "0002_nests.sql"]
    assert await schema.names("SELECT to_regclass('eggs')::text") == [None]


async def test_a_database_ahead_of_its_program_is_left_alone(schema: Schema) -> None:
    await schema.applied()
    (schema.folder / "0002_nests.sql").unlink()

    assert await schema.applied() == []


@pytest.mark.parametrize("service", ['x"; DROP SCHEMA identity', "", "Identity", "identity.x"])
async def test_what_is_no_name_of_a_service_is_refused(folder: Path, service: str) -> None:
    with pytest.raises(MigrationRefused, match="not the name"):
        await migrate(NOWHERE, service=service, folders=[folder])


async def test_a_service_without_a_schema_is_refused(database: Database, folder: Path) -> None:
    with pytest.raises(MigrationRefused, match="schema absent does not exist"):
        await migrate(database.migration_url("identity"), service="absent", folders=[folder])


async def test_two_folders_of_one_name_are_refused(folder: Path) -> None:
    with pytest.raises(MigrationRefused, match="extra"):
        await migrate(NOWHERE, service="identity", folders=[folder, folder])


@pytest.mark.proves("V13.2.2")
async def test_a_new_table_can_be_used_by_the_service_and_not_be_changed(schema: Schema) -> None:
    await schema.applied()

    async with schema.database.connection("identity") as connection:
        await connection.execute("INSERT INTO birds VALUES ('wren')")
        await connection.execute("UPDATE birds SET name = 'kite'")
        await connection.execute("DELETE FROM birds")
        for forbidden in ("DROP TABLE birds", "TRUNCATE birds", "DELETE FROM schema_migrations"):
            with pytest.raises(RightMissing):
                await connection.execute(forbidden)


async def test_partitions_reach_twenty_four_months_ahead(schema: Schema) -> None:
    await schema.applied()

    async with schema.database.connection("identity") as connection:
        assert await months_ahead(connection, NOW) == 24
        assert await months_ahead(connection, datetime(2032, 12, 31, tzinfo=UTC)) == 3


async def test_rows_that_found_no_month_are_moved_to_it_when_it_is_made(schema: Schema) -> None:
    async with schema.database.connection("identity") as connection:
        await connection.execute(
            "INSERT INTO audit_entries (id, at, actor, source, action, outcome, correlation_id)"
            " SELECT gen_random_uuid(), moment, 'service', '', 'x', 'done', gen_random_uuid()"
            " FROM unnest('{2031-03-01 00:00Z,2031-03-31 23:59Z,2040-01-01Z}'::timestamptz[])"
            " AS moment"
        )
    await schema.applied()

    assert await schema.names("SELECT at::date::text FROM audit_entries_2031_03 ORDER BY at") == [
        "2031-03-01",
        "2031-03-31",
    ]
    assert len(await schema.names("SELECT id FROM audit_entries_default")) == 1


async def test_every_table_of_the_shared_migrations_says_what_it_is_for(schema: Schema) -> None:
    silent = await schema.names(
        "SELECT relname FROM pg_class WHERE relnamespace = 'identity'::regnamespace"
        " AND relkind IN ('r', 'p') AND NOT relispartition AND obj_description(oid) IS NULL"
    )

    assert silent == []


def test_the_shared_migrations_are_shipped_as_data() -> None:
    names = {file.name for file in (files("shared") / "migrations").iterdir()}

    assert "0002_trust.sql" in names
