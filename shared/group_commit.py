"""Group commit: whoever comes while a statement is under way joins the next one.

A round trip and a commit cost more than the row they carry: under load many callers share both,
and one who comes alone waits for nobody.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from shared.db import Connection, Database, unfit
from shared.errors import DatabaseBusy

MOST = 200  # items of one statement
WAITING = 5_000  # items that wait for theirs; more are refused at once

T = TypeVar("T")
R = TypeVar("R")


@dataclass(slots=True)
class _Waiting(Generic[T, R]):
    item: T
    outcome: "asyncio.Future[R]"


@dataclass(slots=True, kw_only=True)
class GroupCommit(Generic[T, R]):
    """Writes what its callers bring by one statement a group, each committed when it returns.

    `write` is that statement: outcomes in the order of the items. One group is under way at a
    time, so it must wait for no lock that is held for long.
    """

    database: Database
    write: Callable[[Connection, Sequence[T]], Awaitable[Sequence[R]]]
    key: Callable[[T], Hashable] | None = None
    """Items with one key are never in one group: a statement changes a row once."""
    _waiting: "deque[_Waiting[T, R]]" = field(default_factory=deque)
    _running: "asyncio.Task[None] | None" = None

    async def __call__(self, item: T) -> R:
        """Return the item's own outcome, once it is committed.

        Raises what its group's statement raises: where the database is away, all of them fail, as
        after a lost COMMIT nobody knows, and a second try would count twice. A value that
        PostgreSQL will never take fails alone. Raises DatabaseBusy where too many wait.
        """
        if len(self._waiting) >= WAITING:
            raise DatabaseBusy
        waiting: _Waiting[T, R] = _Waiting(item, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._running is None:  # of nobody's story, since it is everybody's
            self._running = asyncio.create_task(self._run(), context=Context())
        return await waiting.outcome

    async def _run(self) -> None:
        try:
            while self._waiting:
                if group := self._next():
                    await self._settle(group)
        finally:
            self._running = None
            for waiting in self._waiting:  # none, unless the process ends
                waiting.outcome.cancel()
            self._waiting.clear()

    def _next(self) -> Sequence[_Waiting[T, R]]:
        """Take who is next, but for who has given up meanwhile, and later ones of a key."""
        group: list[_Waiting[T, R]] = []
        later: list[_Waiting[T, R]] = []
        keys: set[Hashable] = set()
        while self._waiting and len(group) < MOST:
            waiting = self._waiting.popleft()
            if waiting.outcome.done():
                continue
            key = self.key(waiting.item) if self.key else id(waiting)
            (later if key in keys else group).append(waiting)
            keys.add(key)
        self._waiting.extendleft(reversed(later))
        return group

    async def _settle(self, group: Sequence[_Waiting[T, R]]) -> None:
        try:
            async with self.database.connection() as connection:
                outcomes = await self.write(connection, [waiting.item for waiting in group])
            told = list(zip(group, outcomes, strict=True))
        except Exception as error:
            if len(group) > 1 and unfit(error):
                for waiting in group:
                    await self._settle([waiting])
                return
            for waiting in group:
                if not waiting.outcome.done():
                    waiting.outcome.set_exception(error)
            return
        except BaseException:
            for waiting in group:
                waiting.outcome.cancel()
            raise
        for waiting, outcome in told:
            if not waiting.outcome.done():
                waiting.outcome.set_result(outcome)
