"""One stage a service for a worker's tests: after each it is as it was opened.

To open one costs ten times what a call costs. What a stage has in memory beyond its rows is by
ids, names and sources, which no two tests share.
"""

import importlib
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from tests.conformance.stage import Stage
from tests.support.clock import START, FakeClock
from tests.support.database import Database, Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A stage and what it stands on."""

    stage: Stage
    database: Database
    clock: FakeClock
    stack: AsyncExitStack

    async def as_it_was(self) -> bool:
        """Whether it is again: not where time went on, or a table was altered."""
        return self.clock.now() == START and await self.database.restored()


@dataclass(slots=True, kw_only=True)
class Stages:
    """The stages that are open, by service."""

    template: Template
    opened: dict[str, Opened] = field(default_factory=dict)

    async def of(self, service: str) -> Opened:
        """The service's stage, as it was opened."""
        found = self.opened.get(service)
        if found is not None:
            if await found.as_it_was():
                return found
            await self.opened.pop(service).stack.aclose()
        self.opened[service] = await self._open(service)
        return self.opened[service]

    async def close(self) -> None:
        """Close them all."""
        while self.opened:
            await self.opened.popitem()[1].stack.aclose()

    async def _open(self, service: str) -> Opened:
        module: Any = importlib.import_module(f"tests.conformance.examples.{service}")
        clock, stack = FakeClock(), AsyncExitStack()
        database = await stack.enter_async_context(self.template.copy())
        stage = await stack.enter_async_context(module.opened(database, clock))
        await database.keep()
        return Opened(stage=stage, database=database, clock=clock, stack=stack)
