"""What correctness needs of a PostgreSQL server and its database, asked before it is missed."""

from collections.abc import Iterator

from shared.db import Connection, Row

OLDEST = 14

ASK = """
    SELECT current_setting('server_version_num')::int / 10000 AS version,
           pg_encoding_to_char(encoding) AS encoding,
           pg_is_in_recovery() AS standby,
           current_setting('transaction_read_only') = 'on' AS read_only
    FROM pg_database WHERE datname = current_database()
"""
ASK_COLLATION = """
    SELECT datcollversion AS made_with, pg_database_collation_actual_version(oid) AS sorts_as
    FROM pg_database WHERE datname = current_database()
"""


async def shortcomings(connection: Connection) -> list[str]:
    """Name what would be felt only by the first person whose name or data it concerns."""
    row = await connection.fetchrow(ASK)
    return [] if row is None else list(_named(row))


def _named(row: Row) -> Iterator[str]:
    if row["version"] < OLDEST:
        yield f"PostgreSQL {row['version']} is older than {OLDEST}"
    if row["encoding"] != "UTF8":
        yield (
            f"the database's encoding is {row['encoding']}, not UTF8: it cannot hold everybody's "
            "name; make it anew with ENCODING 'UTF8'"
        )
    if row["standby"]:
        yield "this server is a standby, which can only be read"
    elif row["read_only"]:
        yield "this database is read-only (default_transaction_read_only)"


async def doubts(connection: Connection) -> list[str]:
    """Name what does no harm to keys, which sort by their bytes, but is to be mended all the same.

    Before 15 a server does not note which version of a locale a database was made with.
    """
    if connection.get_server_version() < (15,):
        return []
    row = await connection.fetchrow(ASK_COLLATION)
    if row is None or row["made_with"] in (None, row["sorts_as"]):
        return []
    return [
        f"texts were sorted by version {row['made_with']} of the locale and are by "
        f"{row['sorts_as']} now: REINDEX DATABASE, then ALTER DATABASE … REFRESH COLLATION VERSION"
    ]
