"""Migrations: numbered SQL files applied once, by the schema's owner, one after the other."""

import hashlib
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from importlib.resources.abc import Traversable
from pathlib import Path

from shared.audit.partitions import MONTHS_AHEAD, make_partitions
from shared.database_server import shortcomings
from shared.db import Connection, NameTaken, Raised, UniqueViolation, one_connection

FILE_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
SERVICE_NAME = re.compile(r"[a-z][a-z0-9_]*")
READ_ONLY = ("schema_migrations",)
RECORD = """
    CREATE TABLE schema_migrations (
        folder text COLLATE "C" NOT NULL,
        number integer NOT NULL,
        name text NOT NULL,
        checksum text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (folder, number)
    );
    COMMENT ON TABLE schema_migrations IS 'Which files were applied; an edited one is refused'
"""
APPEND_ONLY = ("audit_entries", "audit_chain", "audit_anchors")  # AU-1: SELECT and INSERT alone


class MigrationRefused(Exception):
    """The files and what was applied contradict each other; the message names the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One file. `folder` tells the shared ones from the service's own."""

    folder: str
    number: int
    name: str
    statements: str

    @property
    def checksum(self) -> str:
        """What an applied file must still have."""
        return hashlib.sha256(self.statements.encode()).hexdigest()


async def migrate(
    url: str,
    *,
    service: str,
    folders: Sequence[Traversable],
    ca: Path | None = None,
    now: datetime | None = None,
    months: int = MONTHS_AHEAD,
) -> list[str]:
    """Apply what is missing, renew the rights, make audit partitions; return what was applied.

    Any number may run at once: each file is applied by one, and the others wait for it. Without
    `now` the partitions begin at the database's own month, and reach `months` ahead of it.
    """
    if not SERVICE_NAME.fullmatch(service):
        raise MigrationRefused(f"{service!r} is not the name of a service")
    migrations = _read(folders)
    async with one_connection(url, application=f"{service} migrate", ca=ca) as connection:
        await _require_server(connection, service)
        await _make_record(connection, service)
        async with turn(connection, service):
            missing = await _missing(connection, migrations)
        applied = []
        for migration in missing:
            async with turn(connection, service):
                if await _missing(connection, [migration]):  # or another process was here first
                    await _apply(connection, migration)
                    applied.append(f"{migration.folder}/{migration.name}")
        async with turn(connection, service):
            begin = now or await connection.fetchval("SELECT clock_timestamp()")
            await make_partitions(connection, begin, months)
            await _grant(connection, service)
    return applied


async def difference(
    connection: Connection, folders: Sequence[Traversable]
) -> tuple[Sequence[str], Sequence[str]]:
    """Name the files that the schema lacks, and what it has that is not among the files: a later
    release's. Raises MigrationRefused where the two contradict each other.
    """
    files = _read(folders)
    if await connection.fetchval("SELECT to_regclass('schema_migrations')") is None:
        return [f"{one.folder}/{one.name}" for one in files], ()
    missing = [f"{one.folder}/{one.name}" for one in await _missing(connection, files)]
    known = {(one.folder, one.number) for one in files}
    rows = await connection.fetch("SELECT folder, number, name FROM schema_migrations")
    later = [
        f"{row['folder']}/{row['name']}"
        for row in rows
        if (row["folder"], row["number"]) not in known
    ]
    return missing, sorted(later)


def _read(folders: Sequence[Traversable]) -> list[Migration]:
    """Read each folder in order; numbers run 0001, 0002, … without a gap."""
    found: list[Migration] = []
    for folder in folders:
        label = getattr(folder, "parent", folder).name
        if any(migration.folder == label for migration in found):
            raise MigrationRefused(f"two folders of migrations are called {label}")
        names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".sql"))
        for expected, name in enumerate(names, start=1):
            match = FILE_NAME.fullmatch(name)
            if not match:
                raise MigrationRefused(f"{label}/{name}: not named like 0001_accounts.sql")
            if int(match[1]) != expected:
                raise MigrationRefused(f"{label}/{name}: expected number {expected:04}")
            statements = (folder / name).read_text(encoding="utf-8")
            found.append(Migration(folder=label, number=expected, name=name, statements=statements))
    return found


async def _require_server(connection: Connection, service: str) -> None:
    """Refuse what would seem to work until somebody's name is "Łuczak", or data is wanted back."""
    async with connection.transaction():
        if named := await shortcomings(connection):
            raise MigrationRefused("; ".join(named))
        if await connection.fetchval("SELECT to_regnamespace($1)", service) is None:
            raise MigrationRefused(f"the schema {service} does not exist")


async def _make_record(connection: Connection, service: str) -> None:
    """Make the table of what was applied, which is also what migrations queue up for.

    Of those who make it at once PostgreSQL tells all but one, once it is there, of a double.
    """
    with suppress(UniqueViolation, *NameTaken):
        async with connection.transaction():
            await _aim(connection, service)
            if await connection.fetchval("SELECT to_regclass('schema_migrations')") is None:
                await connection.execute(RECORD)


@asynccontextmanager
async def turn(connection: Connection, service: str) -> AsyncIterator[None]:
    """One transaction, in the service's schema, of one migration of a service at a time.

    Nobody but the schema's owner can lock this table so: no other role, not even the service's,
    holds up a migration. What a file touches is waited for in bounds: it rather fails than stops
    live traffic.
    """
    async with connection.transaction():
        await _aim(connection, service)
        await connection.execute("LOCK TABLE schema_migrations IN SHARE ROW EXCLUSIVE MODE")
        await connection.execute("SET LOCAL lock_timeout = '20s'")
        yield


async def _aim(connection: Connection, service: str) -> None:
    """Set the schema for this transaction alone: a pooler may give the next one to another."""
    await connection.execute(f'SET LOCAL search_path = "{service}"')


async def _apply(connection: Connection, migration: Migration) -> None:
    try:
        await connection.execute(migration.statements)
    except Raised as error:  # a file's own word on data that it does not take
        said = f"{error.args[0]}. {error.hint}" if error.hint else str(error)
        raise MigrationRefused(f"{migration.folder}/{migration.name}: {said}") from error
    await connection.execute(
        "INSERT INTO schema_migrations (folder, number, name, checksum) VALUES ($1, $2, $3, $4)",
        migration.folder,
        migration.number,
        migration.name,
        migration.checksum,
    )


async def _missing(connection: Connection, migrations: Sequence[Migration]) -> Sequence[Migration]:
    rows = await connection.fetch("SELECT folder, number, name, checksum FROM schema_migrations")
    before = {(row["folder"], row["number"]): (row["name"], row["checksum"]) for row in rows}
    return [migration for migration in migrations if not _is_applied(migration, before)]


def _is_applied(migration: Migration, before: dict[tuple[str, int], tuple[str, str]]) -> bool:
    """Refuse an edited or renamed file, and one put in behind what was applied."""
    label = f"{migration.folder}/{migration.name}"
    was = before.get((migration.folder, migration.number))
    if was is None:
        later = [n for folder, n in before if folder == migration.folder and n > migration.number]
        if later:
            raise MigrationRefused(f"{label}: number {later[0]:04} was applied without it")
        return False
    if was != (migration.name, migration.checksum):
        raise MigrationRefused(f"{label}: changed since it was applied as {was[0]}")
    return True


async def _grant(connection: Connection, service: str) -> None:
    """The service's role may read and write rows, and no more; of audit it may only add."""
    tables = await connection.fetch(
        "SELECT c.relname, coalesce(p.relname, c.relname) AS family FROM pg_class c"
        " LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class p ON p.oid = i.inhparent"
        " WHERE c.relnamespace = to_regnamespace($1) AND c.relkind IN ('r', 'p')",
        service,
    )
    await connection.execute(
        f'GRANT USAGE ON SCHEMA "{service}" TO "{service}";'
        f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "{service}" TO "{service}";'
        f'GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA "{service}" TO "{service}";'
    )
    for table in tables:
        if table["family"] in (*APPEND_ONLY, *READ_ONLY):
            await connection.execute(
                f'REVOKE UPDATE, DELETE, TRUNCATE ON "{table["relname"]}" FROM "{service}"'
            )
        if table["family"] in READ_ONLY:
            await connection.execute(f'REVOKE INSERT ON "{table["relname"]}" FROM "{service}"')
