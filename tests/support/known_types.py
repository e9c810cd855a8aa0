"""PostgreSQL's own types, asked of it once a run: else each connection pays twice its price again.

The driver asks for every type that it does not know, arrays above all, with each connection anew: a
service does so a few times in its life, a run of the tests thousands of times.
"""

from collections.abc import Awaitable, Callable, Iterable
from types import SimpleNamespace
from typing import Any

from asyncpg import Connection

FIRST_OF_A_DATABASE = 16384  # ids below are the server's own, alike in all databases of a version
ASKED_NOTHING = SimpleNamespace(name="none was prepared")

Introspect = Callable[["Connection[Any]", Iterable[int], float], Awaitable[tuple[Any, Any]]]


def keep() -> None:
    """Let every connection of this process know what one before it was told."""
    ask: Introspect = Connection._introspect_types  # type: ignore[attr-defined]
    known: dict[tuple[int, frozenset[int]], Any] = {}

    async def introspect(
        self: "Connection[Any]", type_ids: Iterable[int], timeout: float
    ) -> tuple[Any, Any]:
        key = self.get_server_version().major, frozenset(type_ids)
        if (types := known.get(key)) is not None:
            return types, ASKED_NOTHING
        types, statement = await ask(self, key[1], timeout)
        if max(key[1]) < FIRST_OF_A_DATABASE:
            known[key] = types
        return types, statement

    Connection._introspect_types = introspect  # type: ignore[attr-defined]
