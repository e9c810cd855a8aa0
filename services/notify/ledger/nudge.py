"""Wakes the couriers of this process when the ledger has grown; polling catches all the rest."""

import asyncio
from dataclasses import dataclass, field

FIRST = 0.004  # seconds
LAST = 0.256


@dataclass(slots=True, kw_only=True)
class Nudge:
    """A row is filed inside a transaction that commits a moment later: nobody here is told when.

    So the couriers look at once and, at doubled distances, a few times more.
    """

    events: tuple[asyncio.Event, ...]
    _wait: float = FIRST
    _timer: asyncio.TimerHandle | None = field(default=None)

    def touch(self) -> None:
        """Note that something was filed just now."""
        self._wait = FIRST
        if self._timer is None:
            self._again()

    @property
    def pending(self) -> int:
        """Looks that are planned: one at most."""
        return int(self._timer is not None)

    def _again(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._wait, self._tick)

    def _tick(self) -> None:
        for event in self.events:
            event.set()
        self._wait *= 2
        self._timer = None
        if self._wait <= LAST:
            self._again()
