"""What a service keeps."""

from collections.abc import Awaitable, Callable, Sequence

from shared.db import Row

OWN = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"


async def everything(
    fetch: Callable[[str], Awaitable[Sequence[Row]]],
) -> dict[str, list[str]]:
    """Every row of every table of its own, as text, by table; asked as itself."""
    return {
        name: sorted(row[0] for row in await fetch(f'SELECT t::text FROM "{name}" t'))  # noqa: S608 - its own tables
        for (name,) in await fetch(OWN)
    }
