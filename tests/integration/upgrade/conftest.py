"""A database as the release before leaves it, with its data, and then upgraded by `migrate`."""

from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path
from shutil import copytree

import pytest_asyncio

from shared.contracts.topology import SERVICES
from shared.migrate import migrate
from tests.support.database import Database, Template, administered, migrate_service

HERE = Path(__file__).parent
APPLIED = {"shared": 8, "identity": 8, "recovery": 4, "merge": 4, "notify": 8}  # by that release


def former(tmp_path: Path, package: str) -> Path:
    """The migrations that the release before had in this folder."""
    name = package.rpartition(".")[2]
    folder = tmp_path / name / "migrations"
    copytree(
        str(files(package) / "migrations"),
        folder,
        ignore=lambda _, found: [file for file in found if int(file[:4]) > APPLIED[name]],
    )
    return folder


@pytest_asyncio.fixture
async def upgraded(template: Template, tmp_path: Path) -> AsyncIterator[Database]:
    """Every service's schema, brought from that release to this one in one step."""
    shared = former(tmp_path, "shared")
    async with (
        template.foreign("upgrade", "ENCODING 'UTF8' LOCALE 'C'") as access,
        administered(access) as database,
    ):
        for service in SERVICES:
            folders = (shared, former(tmp_path, f"services.{service}"))
            await migrate(access.migration_url(service), service=service, folders=folders, months=1)
            dump = HERE / f"{service}.sql"
            if dump.exists():
                async with database.connection(service) as connection:
                    await connection.execute(dump.read_text())
            await migrate_service(access, service)
        yield database
