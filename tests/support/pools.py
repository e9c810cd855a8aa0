"""Pools of connections that outlive the test that opened them.

A new connection costs PostgreSQL more than most tests ask of it: a process, its catalogue, and each
statement planned for the first time. Whoever opens the same pool again gets connections that have
been worked on, as in a service that runs for days.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import Any
from unittest.mock import patch

import asyncpg
from yarl import URL

from shared.db import Connection, Pool

Init = Callable[[Connection], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class Pools:
    """Those to one database, and which of them nobody has now."""

    database: URL
    idle: dict[Hashable, list["Kept"]] = field(default_factory=lambda: defaultdict(list))

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Lend one of them, meanwhile, to whoever would open another like it in this loop."""
        opened, loop = asyncpg.create_pool, asyncio.get_running_loop()

        async def create_pool(url: str, **how: Any) -> Any:
            if loop is not asyncio.get_running_loop() or not self._leads_here(URL(url)):
                return await opened(url, **how)
            plain = {name: str(value) for name, value in how.items() if not callable(value)}
            idle = self.idle[url, tuple(sorted(plain.items()))]
            if idle:
                return Lent(idle.pop(), idle)
            processes: set[int] = set()
            how["init"] = noting(processes, how["init"])
            return Lent(Kept(await opened(url, **how), processes), idle)

        with patch.object(asyncpg, "create_pool", create_pool):
            yield

    def _leads_here(self, url: URL) -> bool:
        there = self.database
        return (url.host, url.port, url.path) == (there.host, there.port, there.path)

    def processes(self) -> list[int]:
        """Those of the server that serve what nobody has now."""
        return [process for kept in self._kept() for process in kept.processes]

    def terminate(self) -> None:
        for kept in self._kept():
            kept.pool.terminate()

    def _kept(self) -> Iterator["Kept"]:
        return chain.from_iterable(self.idle.values())


@dataclass(frozen=True, slots=True)
class Kept:
    """A pool, and the processes that served its connections."""

    pool: Pool
    processes: set[int]


@dataclass(frozen=True, slots=True)
class Lent:
    """A pool that goes back when it is closed, unless something of it is still in use."""

    kept: Kept
    idle: list[Kept]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.kept.pool, name)

    async def close(self) -> None:
        pool = self.kept.pool
        if pool.get_idle_size() == pool.get_size():
            self.idle.append(self.kept)
        else:
            await pool.close()


def noting(processes: set[int], init: Init) -> Init:
    """Return the same beginning of a connection, which notes the server's process."""

    async def noted(connection: Connection) -> None:
        processes.add(connection.get_server_pid())
        await init(connection)

    return noted
