"""What is asked of PostgreSQL, statement by statement."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from unittest.mock import patch

from shared.db import Connection, Database


@contextmanager
def noted(database: Database) -> Iterator[list[str]]:
    """Note what goes over this pool's connections meanwhile, in order."""
    whole, said = database.connection, list[str]()

    @asynccontextmanager
    async def connection() -> AsyncIterator[Connection]:
        async with whole() as given:
            with given.query_logger(lambda record: said.append(" ".join(record.query.split()))):
                yield given

    with patch.object(database, "connection", connection):
        yield said
