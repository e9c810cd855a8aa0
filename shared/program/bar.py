"""A long verb's progress on standard error: a bar on a terminal, elsewhere a line now and then."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.progress import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

EVERY = 5.0  # seconds between two lines


@contextmanager
def shown(what: str) -> Iterator[Progress]:
    """Show what is told of a piece of work, until it ends."""
    if not sys.stderr.isatty():
        yield Lines(what)
        return
    from rich import progress  # a service that serves never shows one: it is not loaded there
    from rich.console import Console

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True)) as bars:
        yield Bar(bars, bars.add_task(what, total=None))


@dataclass(frozen=True, slots=True)
class Bar(Progress):
    """One bar on a terminal."""

    bars: "Bars"
    task: "TaskID"

    def begin(self, total: int) -> None:
        self.bars.update(self.task, total=total)

    def add(self, count: int) -> None:
        self.bars.advance(self.task, count)

    def note(self, text: str) -> None:
        self.bars.console.print(text, markup=False, highlight=False)


@dataclass(slots=True)
class Lines(Progress):
    """A line every few seconds, for a log."""

    what: str
    total: int = 0
    done: int = 0
    told_at: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    def begin(self, total: int) -> None:
        self.total = total

    def add(self, count: int) -> None:
        self.done += count
        now = asyncio.get_running_loop().time()
        if now - self.told_at >= EVERY:
            self.told_at = now
            self.note(f"{self.what}: {self.done}" + (f" of {self.total}" if self.total else ""))

    def note(self, text: str) -> None:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
