"""The trap: one file says where a service is to die next; it dies there once, by SIGKILL.

The test writes the file, the service reads it at each seam. Before it dies it takes the file away,
so that it is not killed again once it is started again, and leaves word that it was there.
"""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tests.fault.points import Point


class Snare(msgspec.Struct, frozen=True, kw_only=True):
    """A crash point on the way of one event. What is None is not asked for."""

    point: Point
    event: str  # its routing key
    queue: str | None = None  # of a consumer
    template: str | None = None  # of a mail
    stop: bool = False  # SIGSTOP instead: the process is paused, not killed


@dataclass(frozen=True, slots=True)
class Trap:
    """The two files of one service."""

    folder: Path
    service: str

    @property
    def armed(self) -> Path:
        return self.folder / f"{self.service}.armed"

    @property
    def sprung(self) -> Path:
        return self.folder / f"{self.service}.sprung"

    def arm(self, snare: Snare) -> None:
        """Set it; a service never reads half of it."""
        self.sprung.unlink(missing_ok=True)
        fresh = self.folder / f"{self.service}.fresh"
        fresh.write_bytes(msgspec.json.encode(snare))
        fresh.rename(self.armed)

    def disarm(self) -> None:
        """Forget both."""
        self.armed.unlink(missing_ok=True)
        self.sprung.unlink(missing_ok=True)

    def snare(self, point: Point) -> Snare | None:
        """Return what is armed at this point, if anything is."""
        try:
            found = msgspec.json.decode(self.armed.read_bytes(), type=Snare)
        except FileNotFoundError:
            return None
        return found if found.point is point else None

    def spring(self, snare: Snare) -> None:
        """Die here. Of two tasks that come by at once, both are the same process."""
        self.armed.rename(self.sprung)
        os.kill(os.getpid(), signal.SIGSTOP if snare.stop else signal.SIGKILL)
